var errors = [];
if (!formData.loanAmount || formData.loanAmount <= 0) { errors.push('amount missing'); }
if (formData.loanAmount > 1000000) { errors.push('amount over $1,000,000'); }
if (!formData.creditScore || formData.creditScore < 300 || formData.creditScore > 850) { errors.push('score out of range'); }
if (!formData.email || !formData.email.includes('@')) { errors.push('no mail address'); }
if (!formData.phone || formData.phone.length < 10) { errors.push('no phone number'); }

if (errors.length > 0) {
    throw new BpmnError('FORM_VALIDATION_ERROR', 'Not valid: ' + errors.join('; '));
}

context.loanAmount = formData.loanAmount;
context.creditScore = formData.creditScore;
context.customerEmail = formData.email;
context.customerPhone = formData.phone;
return { validated: true, timestamp: new Date().toISOString() };
