// what the reviewer needs
const person = doCmd('GetCustomerProfile', { customerId });
const report = doCmd('GetCreditReport', { customerId });
const account = doCmd('GetAccountHistory', { customerId });

// a first opinion
let recommendation = 'Approve';
if (report.score < 650) recommendation = 'Reject';
else if (loanAmount > person.monthlyIncome * 4) recommendation = 'Review';

return {
    customer: { name: person.fullName, monthlyIncome: person.monthlyIncome },
    credit: { score: report.score, rating: report.rating },
    application: { amount: loanAmount, term: termMonths },
    recommendation: recommendation,
    accountAge: account.ageMonths,
    averageBalance: account.averageBalance
};
