if (formData.userId === context.firstApprover) {
    throw new BpmnError('DUAL_CONTROL_VIOLATION', 'Two people have to approve');
}
if (formData.userId === context.applicationCreatedBy) {
    throw new BpmnError('CONFLICT_OF_INTEREST', 'Nobody approves what is their own');
}
context.secondApprover = formData.userId;
context.secondApproverComments = formData.comments;
return { approved: true };
