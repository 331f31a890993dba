//! The syntax tree of an expression and the words of its functions and operators. Parses and evaluates nothing.

use serde_json::Value;

/// A part of an expression. Chains of one precedence are kept flat, so that the depth of a tree is that of its
/// brackets and not its length: evaluating and dropping it recurse no deeper than parsing did.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(Value),
    Access(Base, Vec<Step>),
    List(Vec<Node>),
    /// Names in the order they are written, each once.
    Context(Vec<(String, Node)>),
    Call(Function, Vec<Node>),
    Negate(Box<Node>),
    Not(Box<Node>),
    Empty(Box<Node>),
    Arithmetic(Box<Node>, Vec<(Arithmetic, Node)>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare(Comparison, Box<(Node, Node)>),
    In(Box<(Node, Node)>),
    /// Value, lower bound, upper bound; both bounds belong.
    Between(Box<[Node; 3]>),
    /// Condition, then, else.
    If(Box<[Node; 3]>),
}

/// What an access begins with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    Variable(String),
    Node(Box<Node>),
}

/// One step of an access.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Name(String),
    /// A number picks a list item, counted from 0; a string picks a member.
    Index(Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Now,
    Today,
    Duration,
    DateAndTime,
    Date,
    StringLength,
    Contains,
    StartsWith,
    EndsWith,
    UpperCase,
    LowerCase,
    Count,
    IsEmpty,
    ListContains,
    String,
    Number,
}

impl Function {
    /// Every function with its name as written and its number of arguments.
    pub(super) const NAMED: &[(&str, Function, usize)] = &[
        ("now", Function::Now, 0),
        ("today", Function::Today, 0),
        ("duration", Function::Duration, 1),
        ("date and time", Function::DateAndTime, 1),
        ("date", Function::Date, 1),
        ("string length", Function::StringLength, 1),
        ("contains", Function::Contains, 2),
        ("starts with", Function::StartsWith, 2),
        ("ends with", Function::EndsWith, 2),
        ("upper case", Function::UpperCase, 1),
        ("lower case", Function::LowerCase, 1),
        ("count", Function::Count, 1),
        ("is empty", Function::IsEmpty, 1),
        ("list contains", Function::ListContains, 2),
        ("string", Function::String, 1),
        ("number", Function::Number, 1),
    ];
}
