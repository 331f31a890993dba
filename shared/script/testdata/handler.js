var error = context._lastError;
BankLingo.ExecuteCommand('SendFormErrors', { taskId: 'Second', errors: error.errorMessage });
logger.info('rejected: ' + error.errorMessage);
var all = context._errorHistory || [];
return { notified: true, errors: all.length };
