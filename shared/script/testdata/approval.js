if (formData.action === 'Approve') {
    var most = context.approverMaxAmount || 50000;
    if (context.loanAmount > most) {
        throw new BpmnError('INSUFFICIENT_AUTHORITY', 'No authority over $' + most);
    }
    var required = ['ID', 'PROOF_OF_INCOME', 'BANK_STATEMENT'];
    var uploaded = context.uploadedDocuments || [];
    var missing = required.filter(d => !uploaded.includes(d));
    if (missing.length > 0) {
        throw new BpmnError('MISSING_DOCUMENTS', 'Missing: ' + missing.join(', '));
    }
}
context.approvalDecision = formData.action;
context.approvalComments = formData.comments;
context.approvedBy = formData.userId;
return { decision: formData.action, valid: true };
