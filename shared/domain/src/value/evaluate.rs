//! Evaluates the tree of an expression. Total: what cannot be computed is null. Reads no clock.

use super::ast::{Arithmetic, Base, Comparison, Node, Step};
use super::term::{Moment, Span, Term, take};
use crate::time::Timestamp;
use crate::variables::Variables;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// An evaluation may build this many bytes of text on its way; a longer text is null. Without it `a + a` in a long
/// list would hold thousands of copies of the largest variable.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// One evaluation.
pub(super) struct Evaluation<'a> {
    variables: &'a Variables,
    pub(super) now: Timestamp,
    text_left: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(variables: &'a Variables, now: Timestamp) -> Evaluation<'a> {
        Evaluation { variables, now, text_left: TEXT_BYTES_MAX }
    }

    pub(super) fn node(&mut self, node: &'a Node) -> Term<'a> {
        match node {
            Node::Constant(value) => Term::of(value),
            Node::Access(base, steps) => self.access(base, steps),
            Node::List(nodes) => Term::List(nodes.iter().map(|node| self.node(node)).collect()),
            Node::Context(entries) => {
                Term::Context(entries.iter().map(|(name, node)| (name.as_str(), self.node(node))).collect())
            }
            Node::Call(function, arguments) => {
                let arguments: Vec<Term<'a>> = arguments.iter().map(|node| self.node(node)).collect();
                self.call(*function, &arguments)
            }
            Node::Negate(node) => match self.node(node) {
                Term::Number(number) => number.as_f64().map_or(Term::Null, |number| Term::number(-number)),
                Term::Span(span) => Term::Span(span.negated()),
                Term::Null
                | Term::Bool(_)
                | Term::Text(_)
                | Term::List(_)
                | Term::Context(_)
                | Term::Json(_)
                | Term::Moment(_) => Term::Null,
            },
            Node::Not(node) => truth(as_truth(&self.node(node)).map(|value| !value)),
            Node::Empty(node) => Term::Bool(self.node(node).is_empty()),
            Node::Arithmetic(first, rest) => {
                let first = self.node(first);
                rest.iter().fold(first, |left, (operator, node)| {
                    let right = self.node(node);
                    self.arithmetic(*operator, &left, &right).unwrap_or(Term::Null)
                })
            }
            Node::All(nodes) => self.decide(nodes, false),
            Node::Any(nodes) => self.decide(nodes, true),
            Node::Compare(comparison, sides) => {
                let (left, right) = (self.node(&sides.0), self.node(&sides.1));
                truth(compare(*comparison, &left, &right))
            }
            Node::In(sides) => {
                let (value, choices) = (self.node(&sides.0), self.node(&sides.1));
                truth(is_in(&value, &choices))
            }
            Node::Between(parts) => {
                let [value, lower, upper] = &**parts;
                let (value, lower, upper) = (self.node(value), self.node(lower), self.node(upper));
                let above = compare(Comparison::GreaterOrEqual, &value, &lower);
                let below = compare(Comparison::LessOrEqual, &value, &upper);
                truth(both(above, below))
            }
            Node::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let branch = if self.node(condition).is_true() { then } else { otherwise };
                self.node(branch)
            }
        }
    }

    /// A text built on the way, or null when there have been too many.
    pub(super) fn text(&mut self, text: String) -> Term<'a> {
        take(&mut self.text_left, text.len()).map_or(Term::Null, |()| Term::Text(Cow::Owned(text)))
    }

    fn access(&mut self, base: &'a Base, steps: &'a [Step]) -> Term<'a> {
        let first = match base {
            Base::Variable(name) => self.variables.get(name).map_or(Term::Null, Term::of),
            Base::Node(node) => self.node(node),
        };
        steps.iter().fold(first, |term, step| match step {
            Step::Name(name) => member(term, name),
            Step::Index(node) => match self.node(node) {
                Term::Number(number) => item(term, number.as_f64()),
                Term::Text(name) => member(term, &name),
                Term::Null
                | Term::Bool(_)
                | Term::List(_)
                | Term::Context(_)
                | Term::Json(_)
                | Term::Moment(_)
                | Term::Span(_) => Term::Null,
            },
        })
    }

    /// And (`decisive` false) and or (`decisive` true) of three values: one decisive operand decides, otherwise one
    /// operand that is no truth value makes the result null. The operands behind a decisive one are not evaluated.
    fn decide(&mut self, nodes: &'a [Node], decisive: bool) -> Term<'a> {
        let mut unknown = false;
        for node in nodes {
            match as_truth(&self.node(node)) {
                Some(value) if value == decisive => return Term::Bool(decisive),
                Some(_) => {}
                None => unknown = true,
            }
        }
        if unknown { Term::Null } else { Term::Bool(!decisive) }
    }

    fn arithmetic(&mut self, operator: Arithmetic, left: &Term<'a>, right: &Term<'a>) -> Option<Term<'a>> {
        if let (Some(left), Some(right)) = (left.as_number(), right.as_number()) {
            return Some(Term::number(calculate(operator, left.as_f64()?, right.as_f64()?)));
        }
        match operator {
            Arithmetic::Add => match (left, right) {
                (Term::Text(left), Term::Text(right)) => Some(self.concatenate(left, right)),
                (Term::Span(left), Term::Span(right)) => Some(Term::Span(left.plus(*right))),
                (Term::Span(span), moment) | (moment, Term::Span(span)) => {
                    Some(Term::Moment(moment.as_moment()?.plus(*span)))
                }
                (_, _) => None,
            },
            Arithmetic::Subtract => match (left, right) {
                (Term::Span(left), Term::Span(right)) => Some(Term::Span(left.plus(right.negated()))),
                (moment, Term::Span(span)) => Some(Term::Moment(moment.as_moment()?.plus(span.negated()))),
                (Term::Moment(_), _) | (_, Term::Moment(_)) => Some(between(left.as_moment()?, right.as_moment()?)),
                (_, _) => None,
            },
            Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder | Arithmetic::Power => None,
        }
    }

    fn concatenate(&mut self, left: &str, right: &str) -> Term<'a> {
        if left.len() + right.len() > self.text_left {
            return Term::Null;
        }
        self.text([left, right].concat())
    }
}

fn calculate(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        Arithmetic::Power => left.powf(right),
    }
}

fn between(later: Moment, earlier: Moment) -> Term<'static> {
    Term::Span(Span { months: 0, ms: later.at.as_millis() - earlier.at.as_millis() })
}

fn as_truth(term: &Term<'_>) -> Option<bool> {
    if let Term::Bool(value) = term { Some(*value) } else { None }
}

fn truth(value: Option<bool>) -> Term<'static> {
    value.map_or(Term::Null, Term::Bool)
}

fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

fn compare(comparison: Comparison, left: &Term<'_>, right: &Term<'_>) -> Option<bool> {
    match comparison {
        Comparison::Equal => left.equal(right),
        Comparison::NotEqual => left.equal(right).map(|equal| !equal),
        Comparison::Less => left.order(right).map(Ordering::is_lt),
        Comparison::LessOrEqual => left.order(right).map(Ordering::is_le),
        Comparison::Greater => left.order(right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => left.order(right).map(Ordering::is_ge),
    }
}

/// True where one item equals the value; null where none does and one is of another kind.
pub(super) fn is_in(value: &Term<'_>, choices: &Term<'_>) -> Option<bool> {
    let Some(items) = choices.items() else { return value.equal(choices) };
    let mut unknown = false;
    for item in &items {
        match value.equal(item) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

fn member<'a>(term: Term<'a>, name: &str) -> Term<'a> {
    let found = if let Term::Json(Value::Object(members)) = term {
        members.get(name).map(Term::of)
    } else if let Term::Context(entries) = term {
        entries.into_iter().find(|(entry, _)| *entry == name).map(|(_, term)| term)
    } else {
        None
    };
    found.unwrap_or(Term::Null)
}

fn item(term: Term<'_>, index: Option<f64>) -> Term<'_> {
    let Some(index) = index.filter(|index| index.fract() == 0.0 && (0.0..4_294_967_296.0).contains(index)) else {
        return Term::Null;
    };
    let index = index as usize;
    let found = if let Term::Json(Value::Array(items)) = term {
        items.get(index).map(Term::of)
    } else if let Term::List(items) = term {
        items.into_iter().nth(index)
    } else {
        None
    };
    found.unwrap_or(Term::Null)
}
