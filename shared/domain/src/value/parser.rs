//! Recursive descent from tokens to the tree, with the limits of depth. Evaluates nothing.

use super::InvalidExpression;
use super::ast::{Arithmetic, Base, Comparison, Function, Node, Step};
use super::lexer::Token;
use super::term;
use serde_json::Value;

/// Brackets, conditionals and prefix operators may nest this deep.
pub(super) const DEPTH_MAX: usize = 64;

/// Words that cannot stand for a variable of that name; `context["if"]` reaches one.
const RESERVED: &[&str] = &["and", "or", "not", "if", "then", "else", "in", "between", "empty"];

type Parsed<T> = Result<T, InvalidExpression>;

/// The tree of a whole expression. `tokens` ends with [`Token::End`].
pub(super) fn parse(tokens: &[(Token, usize)]) -> Parsed<Node> {
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let node = parser.expression()?;
    let after = parser.peek();
    if *after == Token::End {
        Ok(node)
    } else if let Token::Symbol(symbol @ (")" | "]" | "}")) = after {
        Err(parser.error(format!("this {symbol} closes nothing")))
    } else {
        Err(parser.error(format!("an operator was expected before {}", after.describe())))
    }
}

struct Parser<'t> {
    tokens: &'t [(Token, usize)],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn expression(&mut self) -> Parsed<Node> {
        self.nested(Parser::conditional)
    }

    fn conditional(&mut self) -> Parsed<Node> {
        if self.take_word("if") {
            let condition = self.expression()?;
            self.expect_word("then")?;
            let then = self.expression()?;
            self.expect_word("else")?;
            let otherwise = self.expression()?;
            return Ok(Node::If(Box::new([condition, then, otherwise])));
        }
        let condition = self.any()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        Ok(Node::If(Box::new([condition, then, otherwise])))
    }

    fn any(&mut self) -> Parsed<Node> {
        let mut nodes = vec![self.all()?];
        while self.take("||") || self.take_word("or") {
            nodes.push(self.all()?);
        }
        Ok(single_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Parsed<Node> {
        let mut nodes = vec![self.comparison()?];
        while self.take("&&") || self.take_word("and") {
            nodes.push(self.comparison()?);
        }
        Ok(single_or(nodes, Node::All))
    }

    fn comparison(&mut self) -> Parsed<Node> {
        let left = self.sum()?;
        let node = if let Some(comparison) = self.comparison_ahead() {
            self.at += 1;
            let right = self.sum()?;
            Node::Compare(comparison, Box::new((left, right)))
        } else if self.take_word("in") {
            let right = self.choices()?;
            Node::In(Box::new((left, right)))
        } else if self.take_word("between") {
            let lower = self.sum()?;
            self.expect_word("and")?;
            let upper = self.sum()?;
            Node::Between(Box::new([left, lower, upper]))
        } else {
            return Ok(left);
        };
        if self.comparison_ahead().is_some() || self.word_ahead() == Some("in") {
            return Err(self.error("compare two values at a time and join the comparisons with \"and\""));
        }
        Ok(node)
    }

    /// What stands behind `in`: a list, or choices in parentheses.
    fn choices(&mut self) -> Parsed<Node> {
        if *self.peek() != Token::Symbol("(") {
            return self.sum();
        }
        self.at += 1;
        let choices = self.separated(")")?;
        if choices.is_empty() {
            return Err(self.error("\"in\" needs at least one choice"));
        }
        Ok(single_or(choices, Node::List))
    }

    fn sum(&mut self) -> Parsed<Node> {
        self.chain(Parser::product, |token| match token {
            Token::Symbol("+") => Some(Arithmetic::Add),
            Token::Symbol("-") => Some(Arithmetic::Subtract),
            Token::Symbol(_) | Token::Word(_) | Token::Number(_) | Token::Text(_) | Token::End => None,
        })
    }

    fn product(&mut self) -> Parsed<Node> {
        self.chain(Parser::power, |token| match token {
            Token::Symbol("*") => Some(Arithmetic::Multiply),
            Token::Symbol("/") => Some(Arithmetic::Divide),
            Token::Symbol("%") => Some(Arithmetic::Remainder),
            Token::Word(word) if word == "div" => Some(Arithmetic::Divide),
            Token::Word(word) if word == "mod" => Some(Arithmetic::Remainder),
            Token::Symbol(_) | Token::Word(_) | Token::Number(_) | Token::Text(_) | Token::End => None,
        })
    }

    fn power(&mut self) -> Parsed<Node> {
        self.chain(Parser::prefix, |token| (*token == Token::Symbol("**")).then_some(Arithmetic::Power))
    }

    fn chain(
        &mut self,
        operand: fn(&mut Parser<'t>) -> Parsed<Node>,
        operator: fn(&Token) -> Option<Arithmetic>,
    ) -> Parsed<Node> {
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some(operator) = operator(self.peek()) {
            self.at += 1;
            rest.push((operator, operand(self)?));
        }
        Ok(if rest.is_empty() { first } else { Node::Arithmetic(Box::new(first), rest) })
    }

    fn prefix(&mut self) -> Parsed<Node> {
        if self.take("-") {
            return Ok(Node::Negate(Box::new(self.nested(Parser::prefix)?)));
        }
        if self.take("!") {
            return Ok(Node::Not(Box::new(self.nested(Parser::prefix)?)));
        }
        if self.take_word("empty") {
            return Ok(Node::Empty(Box::new(self.nested(Parser::prefix)?)));
        }
        if !self.take_word("not") {
            return self.access();
        }
        let parenthesised = *self.peek() == Token::Symbol("(");
        let operand = self.nested(Parser::prefix)?;
        // "not a = b" is read as "(not a) = b" by one language and as "not (a = b)" by the next.
        if !parenthesised && self.comparison_ahead().is_some() {
            return Err(self.error("put the comparison behind \"not\" in parentheses: not(a = b)"));
        }
        Ok(Node::Not(Box::new(operand)))
    }

    fn access(&mut self) -> Parsed<Node> {
        let primary = self.primary()?;
        let (base, mut steps) = if let Node::Access(base, steps) = primary {
            (base, steps)
        } else {
            (Base::Node(Box::new(primary)), Vec::new())
        };
        loop {
            if self.take(".") {
                steps.push(Step::Name(self.member()?));
            } else if self.take("[") {
                steps.push(Step::Index(self.index()?));
            } else if *self.peek() == Token::Symbol("(") {
                return Err(self.error(
                    "only functions can be called, not variables or their members; an operator was expected before \"(\"",
                ));
            } else {
                break;
            }
        }
        Ok(match base {
            Base::Node(node) if steps.is_empty() => *node,
            Base::Node(_) | Base::Variable(_) => Node::Access(base, steps),
        })
    }

    fn member(&mut self) -> Parsed<String> {
        let Some(word) = self.word_ahead() else {
            let found = self.peek().describe();
            return Err(self.error(format!("a name was expected after the dot, not {found}")));
        };
        self.at += 1;
        Ok(word.to_owned())
    }

    fn index(&mut self) -> Parsed<Node> {
        let offset = self.offset();
        let index = self.expression()?;
        self.expect("]")?;
        let condition = matches!(
            index,
            Node::Compare(..) | Node::In(_) | Node::Between(_) | Node::All(_) | Node::Any(_) | Node::Not(_)
        );
        if condition {
            let message = "a condition in brackets would filter the list, which expressions cannot do; \
                           use a script, or pick one item by its number, counted from 0";
            return Err(InvalidExpression { message: message.to_owned(), offset });
        }
        Ok(index)
    }

    fn primary(&mut self) -> Parsed<Node> {
        let tokens = self.tokens;
        match &tokens[self.at].0 {
            Token::Number(number) => {
                self.at += 1;
                Ok(Node::Constant(Value::Number(number.clone())))
            }
            Token::Text(text) => {
                self.at += 1;
                Ok(Node::Constant(Value::String(text.clone())))
            }
            Token::Symbol("(") => {
                self.at += 1;
                let node = self.expression()?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Symbol("[") => {
                self.at += 1;
                Ok(Node::List(self.separated("]")?))
            }
            Token::Symbol("{") => {
                self.at += 1;
                self.entries().map(Node::Context)
            }
            Token::Word(word) => self.word(word),
            other @ (Token::Symbol(_) | Token::End) => {
                Err(self.error(format!("a value was expected, not {}", other.describe())))
            }
        }
    }

    fn word(&mut self, word: &str) -> Parsed<Node> {
        if let Some((name, function, arity, words)) = self.function_ahead() {
            return self.call(name, function, arity, words);
        }
        if self.tokens[self.at + 1].0 == Token::Symbol("(") && !RESERVED.contains(&word) {
            let known: Vec<&str> = Function::NAMED.iter().map(|(name, ..)| *name).collect();
            return Err(self.error(format!("there is no function \"{word}\"; there are {}", known.join(", "))));
        }
        if RESERVED.contains(&word) {
            return Err(self.error(format!("a value was expected, not the word \"{word}\"")));
        }
        self.at += 1;
        match word {
            "true" => Ok(Node::Constant(Value::Bool(true))),
            "false" => Ok(Node::Constant(Value::Bool(false))),
            "null" => Ok(Node::Constant(Value::Null)),
            "context" => self.context(),
            name => Ok(Node::Access(Base::Variable(name.to_owned()), Vec::new())),
        }
    }

    /// `context.name` and `context["name"]` are the variable `name`.
    fn context(&mut self) -> Parsed<Node> {
        let wanted = "\"context\" stands before the name of a variable: context.amount or context[\"order-id\"]";
        if self.take(".") {
            return Ok(Node::Access(Base::Variable(self.member()?), Vec::new()));
        }
        if !self.take("[") {
            return Err(self.error(wanted));
        }
        let Token::Text(name) = self.peek() else { return Err(self.error(wanted)) };
        let name = name.clone();
        self.at += 1;
        self.expect("]")?;
        Ok(Node::Access(Base::Variable(name), Vec::new()))
    }

    /// The function whose name, of up to three words, stands before the next `(`.
    fn function_ahead(&self) -> Option<(&'static str, Function, usize, usize)> {
        (1..=3).rev().find_map(|count| {
            let words = self.tokens.get(self.at..self.at + count)?;
            if self.tokens.get(self.at + count)?.0 != Token::Symbol("(") {
                return None;
            }
            let words: Vec<&str> = words
                .iter()
                .map(|(token, _)| match token {
                    Token::Word(word) => Some(word.as_str()),
                    Token::Number(_) | Token::Text(_) | Token::Symbol(_) | Token::End => None,
                })
                .collect::<Option<_>>()?;
            let name = words.join(" ");
            Function::NAMED
                .iter()
                .find(|(known, ..)| *known == name)
                .map(|(known, function, arity)| (*known, *function, *arity, count))
        })
    }

    fn call(&mut self, name: &str, function: Function, arity: usize, words: usize) -> Parsed<Node> {
        let offset = self.offset();
        self.at += words + 1;
        let inside = self.offset();
        let arguments = self.separated(")")?;
        if arguments.len() != arity {
            let message = format!("{name}() takes {arity} arguments, not {}", arguments.len());
            return Err(InvalidExpression { message, offset });
        }
        if let [Node::Constant(Value::String(text))] = arguments.as_slice() {
            let moment = function == Function::Date || function == Function::DateAndTime;
            let message = if function == Function::Duration && term::read_span(text).is_none() {
                "a duration such as PT12H, P3D or P1M"
            } else if moment && term::read_moment(text).is_none() {
                "a date such as 2026-12-03 or a date and time such as 2026-12-03T22:59:00Z"
            } else {
                ""
            };
            if !message.is_empty() {
                let message = format!("\"{text}\" is not {message}");
                return Err(InvalidExpression { message, offset: inside });
            }
        }
        Ok(Node::Call(function, arguments))
    }

    /// Values with commas between them, up to and with the closing symbol.
    fn separated(&mut self, close: &'static str) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        if self.take(close) {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        self.expect(close)?;
        Ok(nodes)
    }

    /// The entries of a context, up to and with the closing brace.
    fn entries(&mut self) -> Parsed<Vec<(String, Node)>> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        if self.take("}") {
            return Ok(entries);
        }
        loop {
            let offset = self.offset();
            let name = self.entry_name()?;
            if entries.iter().any(|(earlier, _)| *earlier == name) {
                return Err(InvalidExpression { message: format!("the name \"{name}\" stands here twice"), offset });
            }
            self.expect(":")?;
            entries.push((name, self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(entries)
    }

    /// A name of one or several words, or any text in quotes.
    fn entry_name(&mut self) -> Parsed<String> {
        if let Token::Text(name) = self.peek() {
            self.at += 1;
            return Ok(name.clone());
        }
        let mut words = Vec::new();
        while let Some(word) = self.word_ahead() {
            words.push(word);
            self.at += 1;
        }
        if words.is_empty() {
            let found = self.peek().describe();
            return Err(self.error(format!("a name and a colon were expected, not {found}")));
        }
        Ok(words.join(" "))
    }

    fn comparison_ahead(&self) -> Option<Comparison> {
        let word_or_symbol = match self.peek() {
            Token::Symbol(symbol) => *symbol,
            Token::Word(word) => word.as_str(),
            Token::Number(_) | Token::Text(_) | Token::End => return None,
        };
        match word_or_symbol {
            "=" | "==" | "eq" => Some(Comparison::Equal),
            "!=" | "ne" => Some(Comparison::NotEqual),
            "<" | "lt" => Some(Comparison::Less),
            "<=" | "le" => Some(Comparison::LessOrEqual),
            ">" | "gt" => Some(Comparison::Greater),
            ">=" | "ge" => Some(Comparison::GreaterOrEqual),
            _ => None,
        }
    }

    fn nested(&mut self, parse: fn(&mut Parser<'t>) -> Parsed<Node>) -> Parsed<Node> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(format!("expressions nest at most {DEPTH_MAX} levels deep; use a script")));
        }
        self.depth += 1;
        let node = parse(self);
        self.depth -= 1;
        node
    }

    fn peek(&self) -> &'t Token {
        &self.tokens[self.at].0
    }

    fn offset(&self) -> usize {
        self.tokens[self.at].1
    }

    fn word_ahead(&self) -> Option<&'t str> {
        match self.peek() {
            Token::Word(word) => Some(word),
            Token::Number(_) | Token::Text(_) | Token::Symbol(_) | Token::End => None,
        }
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let ahead = *self.peek() == Token::Symbol(symbol);
        self.at += usize::from(ahead);
        ahead
    }

    fn take_word(&mut self, word: &str) -> bool {
        let ahead = self.word_ahead() == Some(word);
        self.at += usize::from(ahead);
        ahead
    }

    fn expect(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.take(symbol) {
            return Ok(());
        }
        if *self.peek() == Token::Symbol("..") {
            return Err(self.error("ranges are not read; write \"between 1 and 10\""));
        }
        Err(self.error(format!("\"{symbol}\" was expected, not {}", self.peek().describe())))
    }

    fn expect_word(&mut self, word: &'static str) -> Parsed<()> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(self.error(format!("\"{word}\" was expected, not {}", self.peek().describe())))
    }

    fn error(&self, message: impl Into<String>) -> InvalidExpression {
        InvalidExpression { message: message.into(), offset: self.offset() }
    }
}

fn single_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => many(nodes),
    }
}
