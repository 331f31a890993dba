// A real OpenID provider for the tests of the sign-in: port, redirect address, members and how the client proves who it
// is come as arguments. Whoever types a member's id at its login is that member.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, redirect, members, proof] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = JSON.parse(members);

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'console', ...JSON.parse(proof), redirect_uris: [redirect],
    response_types: ['code'], grant_types: ['authorization_code'],
  }],
  clientAuthMethods: [JSON.parse(proof).token_endpoint_auth_method],
  pkce: { required: () => true },
  claims: { openid: ['sub', 'tenant', 'roles'], profile: ['name'], email: ['email'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['only for this test'] },
});
createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('ready'));
