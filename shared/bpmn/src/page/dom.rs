//! The tree html5ever builds, in one vector, with the place of each node in the source. Decides nothing about content.

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Elements nested deeper are refused: the tree builder looks through its open elements at every tag.
pub(super) const DEPTH_MAX: usize = 256;
/// A page has at most this many nodes: misnested formatting elements multiply while they are parsed.
const NODES_MAX: usize = 100_000;

pub(super) type NodeId = usize;

/// A parsed page. Node 0 is the document.
#[derive(Debug)]
pub(super) struct Dom {
    nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Node {
    parent: Option<NodeId>,
    depth: usize,
    pub(super) children: Vec<NodeId>,
    pub(super) content: Content,
    /// Byte offset in the source of the tag or text this node began with.
    pub(super) offset: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    Document,
    Element {
        name: Rc<QualName>,
        attributes: Vec<Attribute>,
    },
    Text(String),
    /// Comments and processing instructions: nothing of them is kept.
    Nothing,
}

impl Dom {
    pub(super) const ROOT: NodeId = 0;

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    fn detach(&mut self, id: NodeId) {
        if let Some(parent) = self.nodes[id].parent.take() {
            let children = &mut self.nodes[parent].children;
            // From the end: what moves was nearly always inserted last.
            if let Some(at) = children.iter().rposition(|child| *child == id) {
                children.remove(at);
            }
        }
    }

    fn attach(&mut self, parent: NodeId, at: usize, id: NodeId) {
        self.nodes[id].parent = Some(parent);
        self.nodes[id].depth = self.nodes[parent].depth + 1;
        self.nodes[parent].children.insert(at, id);
    }

    /// Adds to the text before position `at`, or says that there is none.
    fn extend_text(&mut self, parent: NodeId, at: usize, more: &str) -> bool {
        let Some(before) = at.checked_sub(1).map(|before| self.nodes[parent].children[before]) else { return false };
        match &mut self.nodes[before].content {
            Content::Text(text) => {
                text.push_str(more);
                true
            }
            Content::Document | Content::Element { .. } | Content::Nothing => false,
        }
    }
}

/// Receives the tree builder's calls.
#[derive(Debug)]
pub(super) struct Sink {
    dom: RefCell<Dom>,
    offset: Cell<usize>,
    overflow: Cell<bool>,
}

impl Sink {
    pub(super) fn new() -> Sink {
        let document = Node { parent: None, depth: 0, children: Vec::new(), content: Content::Document, offset: 0 };
        Sink { dom: RefCell::new(Dom { nodes: vec![document] }), offset: Cell::new(0), overflow: Cell::new(false) }
    }

    /// What is created from now on began at this byte of the source.
    pub(super) fn set_offset(&self, offset: usize) {
        self.offset.set(offset);
    }

    /// True once the page is too deep or has too many nodes; parsing should stop.
    pub(super) fn overflow(&self) -> bool {
        self.overflow.get()
    }

    fn create(&self, content: Content) -> NodeId {
        let mut dom = self.dom.borrow_mut();
        dom.nodes.push(Node { parent: None, depth: 0, children: Vec::new(), content, offset: self.offset.get() });
        if dom.nodes.len() > NODES_MAX {
            self.overflow.set(true);
        }
        dom.nodes.len() - 1
    }

    fn insert(&self, parent: NodeId, at: usize, child: NodeOrText<NodeId>) {
        let id = match child {
            NodeOrText::AppendText(text) => {
                if self.dom.borrow_mut().extend_text(parent, at, &text) {
                    return;
                }
                self.create(Content::Text(text.to_string()))
            }
            NodeOrText::AppendNode(id) => id,
        };
        let mut dom = self.dom.borrow_mut();
        dom.detach(id);
        let at = at.min(dom.nodes[parent].children.len());
        dom.attach(parent, at, id);
        if dom.nodes[id].depth > DEPTH_MAX {
            self.overflow.set(true);
        }
    }
}

/// Name of an element, shared so that no borrow of the tree is held by the tree builder.
#[derive(Debug)]
pub(super) struct SharedName(Rc<QualName>);

impl ElemName for SharedName {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Dom;
    type ElemName<'a> = SharedName;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    /// Browsers repair bad markup and so does the parser; only what comes out is judged.
    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        Dom::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> SharedName {
        match &self.dom.borrow().nodes[*target].content {
            Content::Element { name, .. } => SharedName(Rc::clone(name)),
            Content::Document | Content::Text(_) | Content::Nothing => {
                SharedName(Rc::new(QualName::new(None, Namespace::default(), LocalName::default())))
            }
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _flags: ElementFlags) -> NodeId {
        self.create(Content::Element { name: Rc::new(name), attributes })
    }

    fn create_comment(&self, _text: StrTendril) -> NodeId {
        self.create(Content::Nothing)
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> NodeId {
        self.create(Content::Nothing)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let end = self.dom.borrow().nodes[*parent].children.len();
        self.insert(*parent, end, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        let has_parent = self.dom.borrow().nodes[*element].parent.is_some();
        if has_parent { self.append_before_sibling(element, child) } else { self.append(previous, child) }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public_id: StrTendril, _system_id: StrTendril) {}

    /// The content of a template hangs below the template itself: it is refused, not kept apart.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        if let NodeOrText::AppendNode(id) = &child {
            self.remove_from_parent(id);
        }
        let place = {
            let dom = self.dom.borrow();
            dom.nodes[*sibling].parent.and_then(|parent| {
                let at = dom.nodes[parent].children.iter().rposition(|child| child == sibling)?;
                Some((parent, at))
            })
        };
        if let Some((parent, at)) = place {
            self.insert(parent, at, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, more: Vec<Attribute>) {
        if let Content::Element { attributes, .. } = &mut self.dom.borrow_mut().nodes[*target].content {
            for attribute in more {
                if !attributes.iter().any(|known| known.name == attribute.name) {
                    attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut dom = self.dom.borrow_mut();
        let children = std::mem::take(&mut dom.nodes[*node].children);
        for child in children {
            let end = dom.nodes[*new_parent].children.len();
            dom.attach(*new_parent, end, child);
        }
    }
}
