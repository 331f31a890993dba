//! Fault 5: the account is paused or its quota is used up. The run waits and says why, and goes on by itself.
