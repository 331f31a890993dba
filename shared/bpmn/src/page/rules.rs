//! Which elements and attributes a customer's page may have. Looks at names only; values are judged elsewhere.

/// What becomes of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    /// Its content stays, the tags go without a word.
    Unwrap,
    /// Its content stays, the tags go, and the author is told.
    Unknown,
    /// It goes with all its content.
    Drop,
    /// An error.
    Refuse(&'static str),
}

const HTML: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "main",
    "mark",
    "menu",
    "meter",
    "nav",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "pre",
    "progress",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "search",
    "section",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

const SVG: &[&str] = &[
    "svg",
    "g",
    "path",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "rect",
    "text",
    "tspan",
    "title",
    "desc",
    "defs",
    "symbol",
    "use",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "pattern",
];

const ATTRIBUTES: &[&str] = &[
    "abbr",
    "align",
    "alt",
    "autocapitalize",
    "autocomplete",
    "autofocus",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "checked",
    "class",
    "clear",
    "color",
    "cols",
    "colspan",
    "compact",
    "datetime",
    "dir",
    "disabled",
    "enterkeyhint",
    "face",
    "for",
    "formnovalidate",
    "headers",
    "height",
    "hidden",
    "high",
    "href",
    "hreflang",
    "id",
    "inputmode",
    "label",
    "lang",
    "list",
    "low",
    "max",
    "maxlength",
    "min",
    "minlength",
    "multiple",
    "name",
    "noshade",
    "novalidate",
    "nowrap",
    "open",
    "optimum",
    "pattern",
    "placeholder",
    "readonly",
    "required",
    "reversed",
    "role",
    "rows",
    "rowspan",
    "rules",
    "scope",
    "selected",
    "size",
    "span",
    "spellcheck",
    "src",
    "start",
    "step",
    "style",
    "summary",
    "tabindex",
    "target",
    "title",
    "translate",
    "type",
    "valign",
    "value",
    "width",
    "wrap",
];

const SVG_ATTRIBUTES: &[&str] = &[
    "class",
    "id",
    "style",
    "role",
    "lang",
    "viewBox",
    "preserveAspectRatio",
    "width",
    "height",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "dx",
    "dy",
    "d",
    "points",
    "pathLength",
    "transform",
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-opacity",
    "stroke-miterlimit",
    "opacity",
    "color",
    "offset",
    "stop-color",
    "stop-opacity",
    "gradientUnits",
    "gradientTransform",
    "spreadMethod",
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "mask",
    "maskUnits",
    "patternUnits",
    "patternTransform",
    "text-anchor",
    "dominant-baseline",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "letter-spacing",
    "visibility",
    "focusable",
    "href",
    "vector-effect",
];

/// The verdict on an HTML element.
pub(super) fn html_element(name: &str) -> Verdict {
    if HTML.contains(&name) {
        return Verdict::Keep;
    }
    match name {
        "html" | "head" | "body" => Verdict::Unwrap,
        "script" => Verdict::Refuse("scripts are not allowed; a ClientScript property is run by the page"),
        "iframe" | "frame" | "frameset" | "object" | "embed" | "applet" | "param" | "portal" | "fencedframe" => {
            Verdict::Refuse("a page may not contain another document")
        }
        "base" => Verdict::Refuse("the page's address is fixed; write whole addresses into the links"),
        "link" => Verdict::Refuse("nothing is loaded from elsewhere; put the rules into a style element"),
        "audio" | "video" | "source" | "track" | "picture" | "bgsound" => {
            Verdict::Refuse("media would be loaded from elsewhere; link to it instead")
        }
        "noscript" | "noembed" | "noframes" | "template" | "plaintext" | "xmp" | "listing" | "math" => {
            Verdict::Refuse("browsers do not agree on how to read it")
        }
        "keygen" | "isindex" | "command" => Verdict::Refuse("browsers no longer know it"),
        _ => Verdict::Unknown,
    }
}

/// The verdict on an element of another namespace.
pub(super) fn foreign_element(svg: bool, name: &str) -> Verdict {
    if !svg {
        return Verdict::Refuse("formulas are not supported");
    }
    if SVG.contains(&name) {
        return Verdict::Keep;
    }
    match name {
        "metadata" => Verdict::Drop,
        _ => Verdict::Refuse("this part of SVG can run code or load things and is not allowed"),
    }
}

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttributeVerdict {
    Keep,
    /// Goes without a word.
    Drop,
    /// Goes, and the author is told.
    Unknown,
    /// An error.
    Refuse(&'static str),
}

/// The verdict on an attribute of an HTML element, by its lower-case name.
pub(super) fn html_attribute(element: &str, name: &str) -> AttributeVerdict {
    if name.starts_with("on") {
        return AttributeVerdict::Refuse("event attributes are scripts and are not allowed");
    }
    match name {
        "formaction" | "formmethod" | "formtarget" | "formenctype" => {
            AttributeVerdict::Refuse("answers can only go to the page itself")
        }
        "srcdoc" | "srcset" | "imagesrcset" | "background" | "poster" | "ping" | "manifest" | "dynsrc" | "lowsrc"
        | "codebase" | "classid" | "archive" | "data" | "xlink:href" | "profile" | "longdesc" => {
            AttributeVerdict::Refuse("nothing may be loaded from elsewhere")
        }
        "xmlns" | "xml:lang" | "version" | "rel" | "method" | "enctype" | "accept-charset" | "nonce" => {
            AttributeVerdict::Drop
        }
        "href" if element != "a" => AttributeVerdict::Unknown,
        "src" if element != "img" => AttributeVerdict::Refuse("nothing may be loaded from elsewhere"),
        "name" if !matches!(element, "input" | "select" | "textarea" | "button") => AttributeVerdict::Drop,
        "target" if element != "a" && element != "form" => AttributeVerdict::Unknown,
        _ if ATTRIBUTES.contains(&name) || is_custom(name) => AttributeVerdict::Keep,
        _ => AttributeVerdict::Unknown,
    }
}

/// The verdict on an attribute of an SVG element, by its name as HTML adjusts it.
pub(super) fn svg_attribute(element: &str, name: &str) -> AttributeVerdict {
    if name.to_ascii_lowercase().starts_with("on") {
        return AttributeVerdict::Refuse("event attributes are scripts and are not allowed");
    }
    match name {
        "href" if element != "use" => {
            AttributeVerdict::Refuse("only use may point to something, and only inside the page")
        }
        _ if SVG_ATTRIBUTES.contains(&name) || is_custom(name) => AttributeVerdict::Keep,
        _ => AttributeVerdict::Drop,
    }
}

/// `aria-*` and `data-*`; names that begin with `data-cs-` are the product's own.
fn is_custom(name: &str) -> bool {
    let rest = name.strip_prefix("aria-").or_else(|| name.strip_prefix("data-"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !name.starts_with("data-cs-")
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte))
    })
}
