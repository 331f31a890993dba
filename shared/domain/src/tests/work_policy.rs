//! Who may do what with an ordinary user task (S4-14, section 2 of the task model).

use crate::work_task::policy::{Verdict, Viewer, may, sees};
use crate::work_task::{Action, Responsible};

fn task(assignee: Option<&str>, users: &[&str], groups: &[&str]) -> Responsible {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Responsible { assignee: assignee.map(str::to_owned), users: all(users), groups: all(groups) }
}

const NOBODY: Viewer<'static> = Viewer { user: "zoe", groups: &[], manages: false, member: false };

#[test]
fn a_stranger_may_not_know_of_it() {
    for task in [task(None, &[], &["Loans"]), task(Some("ann"), &["ann"], &[]), task(None, &[], &[])] {
        assert!(!sees(&NOBODY, &task));
        assert!(Action::ALL.iter().all(|action| may(&NOBODY, &task, *action) == Verdict::Invisible));
    }
}

#[test]
fn candidates_see_and_claim_but_only_the_assignee_completes() {
    let groups = ["Loans".to_owned()];
    let member = Viewer { groups: &groups, ..NOBODY };
    let listed = Viewer { user: "bob", ..NOBODY };
    let task = task(None, &["bob"], &["Loans"]);
    for viewer in [member, listed] {
        assert_eq!(may(&viewer, &task, Action::Claim), Verdict::Allow);
        assert!(matches!(may(&viewer, &task, Action::Complete), Verdict::Deny(_)));
    }
    let assigned = Responsible { assignee: Some("bob".to_owned()), ..task };
    assert_eq!(may(&listed, &assigned, Action::Complete), Verdict::Allow);
    assert!(matches!(may(&member, &assigned, Action::Complete), Verdict::Deny(_)));
    assert!(matches!(may(&listed, &assigned, Action::Reassign), Verdict::Deny(_)));
}

/// Both lists empty: every member of the instance is candidate.
#[test]
fn without_candidates_the_members_of_the_instance_are() {
    let member = Viewer { member: true, ..NOBODY };
    assert!(sees(&member, &task(None, &[], &[])));
    assert!(!sees(&member, &task(None, &[], &["Loans"])));
}

/// Invariant 21: what is allowed to somebody is allowed with a higher role as well, except to return.
#[test]
fn a_manager_may_what_others_may_except_return() {
    let groups = ["Loans".to_owned()];
    let tasks = [task(None, &[], &["Loans"]), task(Some("zoe"), &[], &[]), task(Some("ann"), &["zoe"], &[])];
    for task in &tasks {
        for action in Action::ALL.into_iter().filter(|action| *action != Action::Return) {
            let viewer = Viewer { groups: &groups, ..NOBODY };
            if may(&viewer, task, action) == Verdict::Allow {
                assert_eq!(may(&Viewer { manages: true, ..viewer }, task, action), Verdict::Allow, "{action}");
            }
        }
        assert_eq!(may(&Viewer { manages: true, ..NOBODY }, task, Action::Complete), Verdict::Allow);
    }
}
