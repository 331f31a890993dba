//! Processes whose end does not depend on the order in which their paths move: no branch interrupts another one or reads
//! what another one writes. Made of sound block-structured ones by taking that away.

use super::blocks::blocks;
use crate::tests::reference::plan::{Hears, Id, Occurs, Plan, Script, What};
use crate::tests::reference::random::Random;
use crate::tests::reference::shrink::without;

pub fn confluent(random: &mut Random) -> Plan {
    let mut plan = blocks(random);
    while !plan.sound {
        plan = blocks(random);
    }
    while let Some(racing) = plan.nodes.iter().find(|node| races(&plan, node.id)) {
        plan = without(&plan, racing.id);
    }
    for position in 0..plan.nodes.len() {
        let id = plan.nodes[position].id;
        let (crowds, throws) = (loops_within(&plan, id), plan.nodes.iter().any(|event| event.what.catches_all_at(id)));
        let beside = plan.nodes.iter().any(|event| {
            event.what.attached_to() == Some(id) && matches!(event.what, What::Boundary { event: Occurs::Word(_), .. })
        });
        let node = &mut plan.nodes[position];
        calm(&mut node.what, id, throws);
        node.ticket = node.ticket.map(|_| None);
        node.turns = node.turns.take().filter(|_| !beside).map(|mut each| {
            each.sequential |= crowds || throws || each.enough.is_some();
            // The item of the turns around it, where it has none of its own.
            each.gives = each.gives.filter(|name| name != "item" || each.list.is_ok());
            each
        });
    }
    plan
}

/// What begins or ends something beside it at a moment that the outside chooses, or as often as it likes.
fn races(plan: &Plan, id: Id) -> bool {
    match &plan.node(id).what {
        What::OnEvent | What::Limit { .. } => true,
        What::Boundary { on, event, interrupting } => {
            let stays = !interrupting && matches!(event, Occurs::Error(_));
            stays || plan.node(*on).what == What::Sub || matches!(event, Occurs::Timer { .. })
        }
        What::Start
        | What::End
        | What::Terminate
        | What::ErrorEnd(_)
        | What::Pass
        | What::Script(_)
        | What::Ask(_)
        | What::Serve(_)
        | What::Exclusive
        | What::Parallel
        | What::Inclusive
        | What::Wait { .. }
        | What::Hear { .. }
        | What::Say { .. }
        | What::Call
        | What::First
        | What::Sub
        | What::EventStart { .. } => false,
    }
}

/// Nobody but one hears it, and it writes what nothing else writes.
fn calm(what: &mut What, id: Id, throws: bool) {
    if let What::Hear { what, .. } | What::Boundary { event: Occurs::Word(what), .. } = what
        && what.is_signal()
    {
        *what = Hears::Message { name: "alarm".to_owned(), key: None };
    } else if let What::Serve(service) = what {
        service.into = service.into.take().map(|_| format!("s{id}"));
    } else if let What::Ask(refuses) = what
        && !throws
    {
        *refuses = None;
    }
}

/// Something in it counts, and is led by what it counts.
fn loops_within(plan: &Plan, id: Id) -> bool {
    plan.within(Some(id)).any(|node| {
        let counts = matches!(&node.what, What::Script(Script::Count(name)) if name.starts_with("turns"));
        counts || loops_within(plan, node.id)
    })
}
