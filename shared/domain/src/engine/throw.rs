//! Message and signal throw events: what is sent and to whom. Who waits for it is found by whoever delivers it; the path
//! goes on at once.

use super::{Failure, Step, script, trigger};
use crate::effect::Effect;
use crate::ids::ElementNumber;
use crate::instance::Awaited;
use crate::process::{Sent, Throw};
use crate::variables::{Variables, is_reserved};

/// What the events of one command send takes at most so many bytes: it is kept in one item with all that happened.
pub(crate) const THROWN_BYTES_MAX: usize = 64 * 1024;

/// A throw event is passed as `number`: its message or signal is ordered. Names are those that the element instance `at`
/// sees.
pub(super) fn order(
    step: &mut Step<'_>,
    model: &Throw,
    number: ElementNumber,
    at: Option<ElementNumber>,
) -> Result<(), Failure> {
    let to = match &model.what {
        Sent::Message { name, correlation_key } => {
            let key = trigger::correlation_key(step, name, correlation_key.as_ref(), at)?;
            Awaited::Message { name: name.clone(), key }
        }
        Sent::Signal { name } => Awaited::Signal { name: name.clone() },
    };
    let variables = brought(step, model, at)?;
    let thrown = |effect: &Effect| if let Effect::Throw { variables, .. } = effect { size(variables) } else { 0 };
    let bytes = step.effects.iter().map(thrown).sum::<usize>() + size(&variables);
    if bytes > THROWN_BYTES_MAX {
        let message = format!(
            "the messages and signals of one step would bring {bytes} bytes; at most {THROWN_BYTES_MAX} are possible"
        );
        return Err(Failure::new("LIMIT", message));
    }
    step.effect(Effect::Throw { element: number, to, variables });
    Ok(())
}

/// What is sent along. Unlike a call activity's, a name that is no variable is nothing and no text.
fn brought(step: &Step<'_>, model: &Throw, at: Option<ElementNumber>) -> Result<Variables, Failure> {
    let mut variables = script::mapped(&model.input_mapping, &step.variables_at(at), step.env.now)?;
    variables.retain(|name, _| !is_reserved(name));
    Ok(variables)
}

fn size(variables: &Variables) -> usize {
    variables.iter().map(|(name, value)| script::size(name, value)).sum()
}
