// the form's fields are variables by now
const action = userAction;
const comments = approverComments;

if (action === 'Approve' && loanAmount > 500000 && !comments) {
    throw new Error('Large loans need approval comments');
}
if (action === 'Reject' && !comments) {
    throw new Error('A rejection needs its reason');
}
if (action === 'Approve' && creditScore < 600) {
    throw new Error('The credit score is below 600');
}

const entry = { decision: action, approver: currentUser, at: new Date().toISOString(), loanAmount: loanAmount, comments: comments };
doCmd('LogApprovalDecision', entry);
return { validated: true, validatedBy: currentUser, validationTime: new Date().toISOString() };
