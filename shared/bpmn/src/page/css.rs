//! Rewrites style sheets and `style` attributes into ones that load nothing and cannot leave their element or block.
//! Knows neither selectors nor properties beyond the few that run code.

mod tokens;

use super::url;
use tokens::{Token, Tokens};

/// Something in a style sheet that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CssProblem {
    /// Byte offset in the sheet.
    pub(super) offset: usize,
    pub(super) message: String,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Sheet,
    /// Declarations of one element: no blocks, no at-rules.
    Declarations,
}

/// Rewrites a style sheet. Comments fall away, open blocks are closed, `<` cannot end the element around it.
pub(super) fn sheet(css: &str) -> (String, Vec<CssProblem>) {
    rewrite(css, Part::Sheet)
}

/// Rewrites the value of a `style` attribute.
pub(super) fn declarations(css: &str) -> (String, Vec<CssProblem>) {
    let (text, problems) = rewrite(css, Part::Declarations);
    (text.trim_matches([' ', ';']).to_owned(), problems)
}

fn rewrite(css: &str, part: Part) -> (String, Vec<CssProblem>) {
    let mut writer = Writer { out: String::with_capacity(css.len()), open: Vec::new(), problems: Vec::new(), part };
    let mut tokens = Tokens::new(css);
    while let Some((offset, token)) = tokens.next() {
        writer.token(offset, token, &mut tokens);
    }
    while let Some(bracket) = writer.open.pop() {
        writer.out.push(bracket.close);
    }
    (writer.out, writer.problems)
}

struct Bracket {
    close: char,
    /// Strings in here are addresses.
    address: bool,
}

struct Writer {
    out: String,
    open: Vec<Bracket>,
    problems: Vec<CssProblem>,
    part: Part,
}

/// Deeper brackets are dropped; no sheet needs them.
const DEPTH_MAX: usize = 64;

impl Writer {
    fn token(&mut self, offset: usize, token: Token, tokens: &mut Tokens<'_>) {
        match token {
            Token::Comment => self.separate(),
            Token::Space if self.out.ends_with("< ") => {}
            Token::Space => self.out.push(' '),
            Token::Number(text) => self.out.push_str(&text),
            Token::Ident(name) => {
                if matches!(name.to_ascii_lowercase().as_str(), "behavior" | "-ms-behavior" | "-moz-binding") {
                    self.refuse(offset, format!("\"{name}\" runs code and is not allowed"));
                } else {
                    tokens::write_ident(&mut self.out, &name);
                }
            }
            Token::Hash(name) => {
                self.out.push('#');
                tokens::write_name(&mut self.out, &name);
            }
            Token::AtKeyword(name) => self.at_keyword(offset, &name, tokens),
            Token::Text(text) => {
                if self.open.last().is_some_and(|bracket| bracket.address) {
                    self.address(offset, &text);
                } else {
                    tokens::write_string(&mut self.out, &text);
                }
            }
            Token::Url(text) => {
                self.out.push_str("url(");
                self.address(offset, &text);
                self.out.push(')');
            }
            Token::Function(name) => self.function(offset, &name),
            Token::Open(open) => self.bracket(open),
            Token::Close(close) => {
                if self.open.last().is_some_and(|bracket| bracket.close == close) {
                    self.open.pop();
                    self.out.push(close);
                } else {
                    self.separate();
                }
            }
            // A space keeps `<` from being read as the end of the style element.
            Token::Delim('<') => self.out.push_str("< "),
            // Alone it means nothing; before a name it would begin a rule that was not looked at.
            Token::Delim('@') => self.separate(),
            Token::Delim(c) => self.out.push(c),
        }
    }

    fn bracket(&mut self, open: char) {
        let close = match open {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        if (open == '{' && self.part == Part::Declarations) || self.open.len() >= DEPTH_MAX {
            return self.separate();
        }
        self.out.push(open);
        self.open.push(Bracket { close, address: false });
    }

    fn function(&mut self, offset: usize, name: &str) {
        let address = match name.to_ascii_lowercase().as_str() {
            "url" => true,
            "expression" | "image-set" | "-webkit-image-set" | "image" | "src" | "paint" | "element"
            | "-moz-element" | "cross-fade" | "-webkit-cross-fade" | "url-prefix" => {
                self.refuse(offset, format!("\"{name}()\" is not allowed in style sheets"));
                false
            }
            _ => false,
        };
        if self.open.len() >= DEPTH_MAX {
            self.separate();
        } else {
            tokens::write_ident(&mut self.out, name);
            self.out.push('(');
            self.open.push(Bracket { close: ')', address });
        }
    }

    fn at_keyword(&mut self, offset: usize, name: &str, tokens: &mut Tokens<'_>) {
        match name.to_ascii_lowercase().as_str() {
            "import" => {
                self.refuse(offset, "@import is not allowed: write the rules into the page".to_owned());
                tokens.skip_statement();
            }
            "charset" | "namespace" => {
                tokens.skip_statement();
                self.separate();
            }
            _ if self.part == Part::Declarations => {
                self.refuse(offset, format!("@{name} is not allowed in a style attribute"));
            }
            _ => {
                self.out.push('@');
                tokens::write_ident(&mut self.out, name);
            }
        }
    }

    fn address(&mut self, offset: usize, text: &str) {
        let address = url::stripped(text);
        if !address.starts_with('#')
            && let Err(message) = url::check_image(&address)
        {
            self.refuse(offset, message);
            return;
        }
        tokens::write_string(&mut self.out, &address);
    }

    /// Where something falls away, what stands around it must not become one token: `ur)l(` is no address, `url(` is.
    fn separate(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with([' ', '{', '}', ';']) {
            self.out.push_str("/**/");
        }
    }

    fn refuse(&mut self, offset: usize, message: String) {
        self.separate();
        self.problems.push(CssProblem { offset, message });
    }
}
