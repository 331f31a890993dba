//! `multiInstanceLoopCharacteristics`: how often an activity is done and with what, in the standard's, the product's and
//! the vendors' spellings.

use super::{FlowNode, Properties, Reader, attribute, boolean, bpmn_children, gateway, is_bpmn, value};
use crate::dialect::{ZEEBE, is_camunda_7};
use crate::xml::Located;
use domain::process::{MultiInstance, Turns};
use domain::value::ValueExpr;
use roxmltree::Node;

/// The variable of an item where the product's own spelling names none.
const ITEM: &str = "item";

/// The model of an activity's turns; `None` also where it could not be read, which is told.
pub(crate) fn read(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<MultiInstance> {
    let found: Vec<Node<'_, '_>> =
        bpmn_children(node.node).filter(|child| is_bpmn(*child, "multiInstanceLoopCharacteristics")).collect();
    let [first, rest @ ..] = found.as_slice() else {
        without(node, reader);
        return None;
    };
    if let Some(second) = rest.first() {
        let message = "the activity has several multiInstanceLoopCharacteristics; keep one";
        reader.report.error("MULTI_INSTANCE", second.range().start, &node.id, message);
    }
    let own = Properties::of_part(*first, &node.id, reader);
    Loop { node, at: *first, own }.model(reader)
}

/// What the product writes beside the characteristics means nothing without them.
fn without(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    for property in ["collection", "elementVariable"].into_iter().filter_map(|name| node.properties.get(name)) {
        let message =
            format!("{} has no effect without <bpmn:multiInstanceLoopCharacteristics>; add it", property.name);
        reader.report.warning("PROPERTY_IGNORED", property.at, &node.id, message);
    }
}

struct Loop<'n, 'a, 'i> {
    node: &'n FlowNode<'a, 'i>,
    at: Node<'a, 'i>,
    /// The product's properties that stand in the characteristics themselves.
    own: Properties,
}

/// A list of items as written.
struct Collection {
    from: Located,
    /// In the product's spelling, which knows a name for the item. Where the standard, Camunda 7 or Camunda 8 names no
    /// variable, there is none.
    named_by_default: bool,
}

impl<'a, 'i> Loop<'_, 'a, 'i> {
    fn model(&self, reader: &mut Reader<'_>) -> Option<MultiInstance> {
        let id = &self.node.id;
        let before = reader.report.errors();
        if attribute(self.at, "behavior").is_some_and(|behavior| behavior != "All") {
            let message = "a behavior other than All throws events, which is not supported; remove it";
            reader.report.error("UNSUPPORTED_ELEMENT", self.at.range().start, id, message);
        }
        let sequential = boolean(self.at, "isSequential", false, id, reader);
        let collection = self.collection(reader);
        let turns = self.turns(collection.as_ref(), reader);
        let completion = self.child("completionCondition");
        let completion = completion.and_then(|node| gateway::condition_of(node, id, "completionCondition", reader));
        let element_variable = self.element_variable(collection.as_ref(), reader);
        let output_collection = self.output_collection(reader);
        let output_element = self.output_element(reader);
        if let (Some(_), None) = (&output_element, &output_collection) {
            let message = "what the turns give is collected nowhere; name the outputCollection";
            reader.report.warning("OUTPUT_NOT_COLLECTED", self.at.range().start, id, message);
        }
        let turns = turns.filter(|_| reader.report.errors() == before)?;
        Some(MultiInstance { sequential, turns, element_variable, output_collection, output_element, completion })
    }

    /// The number of turns, or the list of items: exactly one of the two.
    fn turns(&self, collection: Option<&Collection>, reader: &mut Reader<'_>) -> Option<Turns> {
        let id = &self.node.id;
        let cardinality = self.child("loopCardinality").map(|node| Located::of_content(reader.file, node));
        match (cardinality, collection) {
            (Some(cardinality), None) => self.cardinality(&cardinality, reader).map(Turns::Cardinality),
            (None, Some(collection)) => {
                let found = value::path_or_expression(&collection.from, id, "the collection", reader)?;
                if matches!(found, ValueExpr::Literal(_) | ValueExpr::Template(_)) {
                    let message = "the collection is a text; name the variable that holds the list, or write =...";
                    reader.report.error("MULTI_INSTANCE", collection.from.start(), id, message);
                }
                Some(Turns::Collection(found))
            }
            (None, None) => {
                let message = "it is not said how often the activity is done; add a loopCardinality or a collection";
                reader.report.error("MULTI_INSTANCE", self.at.range().start, id, message);
                None
            }
            (Some(_), Some(_)) => {
                let message = "a loopCardinality and a collection are given; keep one of them";
                reader.report.error("MULTI_INSTANCE", self.at.range().start, id, message);
                None
            }
        }
    }

    fn cardinality(&self, text: &Located, reader: &mut Reader<'_>) -> Option<ValueExpr> {
        let plain = text.plain();
        if !plain.is_empty() && plain.chars().all(|c| c.is_ascii_digit()) {
            return Some(ValueExpr::Literal(plain));
        }
        if plain.is_empty() {
            let message = "the loopCardinality is empty; write a number or an expression such as =count(items)";
            reader.report.error("MULTI_INSTANCE", self.at.range().start, &self.node.id, message);
            return None;
        }
        value::path_or_expression(text, &self.node.id, "loopCardinality", reader)
    }

    /// Where the items come from, in the order: standard, Camunda 7, Camunda 8, the product's own.
    fn collection(&self, reader: &Reader<'_>) -> Option<Collection> {
        let standard = self.child("loopDataInputRef").map(|node| Located::of_content(reader.file, node));
        let vendor = standard.or_else(|| self.vendor("collection", "inputCollection", reader));
        if let Some(from) = vendor.filter(|value| !value.is_blank()) {
            return Some(Collection { from, named_by_default: false });
        }
        self.product("collection", reader).map(|from| Collection { from, named_by_default: true })
    }

    fn element_variable(&self, collection: Option<&Collection>, reader: &mut Reader<'_>) -> Option<String> {
        let standard = self.child("inputDataItem").and_then(|item| self.named(item, reader));
        let vendor = standard.or_else(|| self.vendor("elementVariable", "inputElement", reader));
        let found = vendor.filter(|value| !value.is_blank()).or_else(|| self.product("elementVariable", reader));
        match found {
            Some(value) => value::variable(&value, &self.node.id, "elementVariable", reader),
            None => collection.is_some_and(|collection| collection.named_by_default).then(|| ITEM.to_owned()),
        }
    }

    /// An attribute of the characteristics, a property in them, or one of the activity.
    fn product(&self, name: &str, reader: &Reader<'_>) -> Option<Located> {
        let attribute = plain_attribute(self.at, name, reader).filter(|value| !value.is_blank());
        let property = || self.own.get(name).or_else(|| self.node.properties.get(name));
        attribute.or_else(|| property().map(|property| property.value.clone()))
    }

    fn output_collection(&self, reader: &mut Reader<'_>) -> Option<String> {
        let standard = self.child("loopDataOutputRef").map(|node| Located::of_content(reader.file, node));
        let found = standard.or_else(|| self.zeebe("outputCollection", reader)).filter(|value| !value.is_blank())?;
        value::variable(&found, &self.node.id, "outputCollection", reader)
    }

    fn output_element(&self, reader: &mut Reader<'_>) -> Option<ValueExpr> {
        let standard = self.child("outputDataItem").and_then(|item| self.named(item, reader));
        let found = standard.or_else(|| self.zeebe("outputElement", reader)).filter(|value| !value.is_blank())?;
        value::path_or_expression(&found, &self.node.id, "outputElement", reader)
    }

    fn child(&self, name: &str) -> Option<Node<'a, 'i>> {
        bpmn_children(self.at).find(|child| is_bpmn(*child, name))
    }

    /// The name of a data item, else its id.
    fn named(&self, item: Node<'_, '_>, reader: &Reader<'_>) -> Option<Located> {
        ["name", "id"].iter().find_map(|name| plain_attribute(item, name, reader))
    }

    fn vendor(&self, camunda: &str, zeebe: &str, reader: &Reader<'_>) -> Option<Located> {
        let mut attributes = self.at.attributes();
        let found = attributes.find(|found| found.name() == camunda && is_camunda_7(found.namespace()));
        found.map(|found| Located::of_attribute(reader.file, &found)).or_else(|| self.zeebe(zeebe, reader))
    }

    fn zeebe(&self, name: &str, reader: &Reader<'_>) -> Option<Located> {
        let extensions = self.child("extensionElements")?;
        let found = extensions.children().find(|child| {
            child.tag_name().name() == "loopCharacteristics" && child.tag_name().namespace() == Some(ZEEBE)
        });
        plain_attribute(found?, name, reader)
    }
}

fn plain_attribute(node: Node<'_, '_>, name: &str, reader: &Reader<'_>) -> Option<Located> {
    let found = node.attributes().find(|found| found.namespace().is_none() && found.name() == name);
    found.map(|found| Located::of_attribute(reader.file, &found))
}
