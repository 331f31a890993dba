// A real OpenID provider for the tests of the sign-in: issuer, redirect address and members come as arguments. Whoever
// types a member's id at its login is that member.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, redirect, members] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = JSON.parse(members);

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'console', token_endpoint_auth_method: 'none', redirect_uris: [redirect],
    response_types: ['code'], grant_types: ['authorization_code'],
  }],
  pkce: { required: () => true },
  claims: { openid: ['sub', 'tenant', 'roles'], profile: ['name'], email: ['email'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['only for this test'] },
});
createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('ready'));
