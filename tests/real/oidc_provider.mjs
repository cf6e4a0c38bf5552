// node-oidc-provider (https://github.com/panva/node-oidc-provider, OpenID certified) as the user pool: an independent
// implementation of the RFCs. Its paths are Cognito's. Beside it is an identity pool that accepts only its ID tokens.
// It runs on loopback until standard input is closed.
//
//     node oidc_provider.mjs MODULES '{"pool": …, "client": …, "redirects": […], "alg": "RS256"}'
//
// Without a pool it is an issuer that the identity pool trusts directly. It then has its default paths, which only its
// discovery document names, and its own consent page. It gives a refresh token only to a request for offline_access.
//
// MODULES is the folder above node_modules. One line of JSON has the base URL. /lab reads and changes the settings of a
// check.
import crypto from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// Node 20 has both; Debian 12's Node 18 has neither.
globalThis.crypto ??= crypto.webcrypto;
URL.parse ??= (url, base) => { try { return new URL(url, base); } catch { return null; } };

const [modules, text] = process.argv.slice(2);
const { pool, client, redirects, alg } = JSON.parse(text);
const found = createRequire(`${modules}/`).resolve('oidc-provider');
const { Provider, interactionPolicy } = await import(pathToFileURL(found));

const server = http.createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const base = `http://127.0.0.1:${server.address().port}`;
const issuer = pool ? `https://cognito-idp.eu-west-1.amazonaws.com/${pool}` : base;
const PASSWORD = 'correct horse';
const log = [];
// The access tokens that were issued, the newest last.
const accessTokens = [];
// In seconds. The first two can be changed while it runs.
const life = { id: 3600, credentials: 3600 };

const pair = (type, options) => crypto.generateKeyPairSync(type, options);
const rsa = pair('rsa', { modulusLength: 2048 });
const ec = pair('ec', { namedCurve: 'P-256' });
const jwk = (key, kid, alg) => ({ ...key.privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });

const claims = (name) => ({
  sub: name, email: `${name}@corp.example`,
  ...pool && {
    token_use: 'id', 'cognito:username': `EntraID_${name}`,
    identities: [{ userId: name, providerName: 'EntraID', providerType: 'SAML', primary: 'true' }],
  },
});

const policy = interactionPolicy.base();
// No consent page, like Cognito; otherwise a public client would be asked every time.
if (pool) policy.get('consent').checks.clear();

// The differences between a user pool and the provider's defaults.
const cognito = {
  scopes: ['openid', 'email', 'profile'],
  issueRefreshToken: () => true,
  routes: {
    authorization: '/oauth2/authorize', token: '/oauth2/token', revocation: '/oauth2/revoke',
    introspection: '/oauth2/introspect', jwks: '/.well-known/jwks.json',
  },
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ clientId: client, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
};

const provider = new Provider(issuer, {
  clients: [{
    client_id: client, token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: redirects,
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], id_token_signed_response_alg: alg,
  }],
  jwks: { keys: [jwk(rsa, 'rsa', 'RS256'), jwk(ec, 'ec', 'ES256')] },
  claims: { openid: Object.keys(claims('')) },
  conformIdTokenClaims: false,
  findAccount: (_, name) => ({ accountId: name, claims: () => claims(name) }),
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  expiresWithSession: () => false,
  extraParams: ['identity_provider', 'idp_identifier', 'lang'],
  cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true }, introspection: { enabled: true } },
  ttl: {
    AccessToken: 3600, AuthorizationCode: 300, Grant: 86400, IdToken: () => life.id, Interaction: 3600,
    RefreshToken: 86400, Session: 86400,
  },
  interactions: { policy, url: (_, interaction) => `/sign-in/${interaction.uid}` },
  ...pool && cognito,
});
// A native app's redirect URI matches on any loopback port (RFC 8252, section 7.3). Cognito compares exactly.
provider.Client.prototype.redirectUriAllowed = (uri) => redirects.includes(uri);

const noted = (event, ctx, error) =>
  log.push({ event, grant: ctx.oidc?.params?.grant_type, error: error?.error, detail: error?.error_detail });
for (const event of ['grant.success', 'grant.revoked']) provider.on(event, (ctx) => noted(event, ctx));
for (const event of ['authorization.error', 'grant.error', 'server_error']) {
  provider.on(event, (ctx, error) => noted(event, ctx, error));
}

// An opaque token is its own id.
provider.on('access_token.saved', (token) => accessTokens.push(token.jti));

const body = async (request) => {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
};

// The person grants all requested scopes.
async function consented({ session, prompt }) {
  const grant = new provider.Grant({ clientId: client, accountId: session.accountId });
  grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  return { consent: { grantId: await grant.save() } };
}

// The pages of the sign-in: a form like a directory's, and a second one if consent is required.
async function signIn(request, response) {
  const finish = (result) => provider.interactionFinished(request, response, result);
  const form = new URLSearchParams(request.method === 'POST' ? await body(request) : '');
  if (form.has('cancel')) return finish({ error: 'access_denied', error_description: 'the person said no' });
  if (form.get('password') === PASSWORD) return finish({ login: { accountId: form.get('name') } });
  const details = await provider.interactionDetails(request, response);
  if (form.has('consent')) return finish(await consented(details));
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  if (details.prompt.name === 'consent') {
    return response.end(`<!doctype html><title>Consent</title><form method="post">
      <p id="scopes">${details.prompt.details.missingOIDCScope?.join(' ')}</p>
      <button id="consent" name="consent" value="yes">Accept</button></form>`);
  }
  return response.end(`<!doctype html><title>Sign in</title><form method="post">
    <input id="name" name="name"><input id="password" name="password" type="password">
    <button id="sign-in">Sign in</button><button id="cancel" name="cancel" value="yes">Cancel</button></form>`);
}

// GetId and GetCredentialsForIdentity: any valid ID token gets credentials.
function credentials(target, { IdentityId, Logins }) {
  const [head, payload, signature] = Object.values(Logins)[0].split('.');
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const its = read(payload);
  const good = crypto.verify('sha256', `${head}.${payload}`, rsa.publicKey, Buffer.from(signature, 'base64url'))
    && read(head).alg === 'RS256' && its.iss === issuer && Object.keys(Logins)[0] === issuer.split('://')[1]
    && its.aud === client && (!pool || its.token_use === 'id') && its.exp > Date.now() / 1000;
  if (!good) return [400, { __type: 'NotAuthorizedException', message: 'Invalid login token.' }];
  if (target.endsWith('.GetId')) return [200, { IdentityId: 'eu-west-1:00000000-1111-2222-3333-444444444444' }];
  return [200, { IdentityId, Credentials: {
    AccessKeyId: `ASIAOIDC${crypto.randomBytes(6).toString('hex').toUpperCase()}`, SecretKey: crypto.randomUUID(),
    SessionToken: crypto.randomUUID(), Expiration: Math.floor(Date.now() / 1000) + life.credentials,
  } }];
}

async function identityPool(request, response) {
  const target = request.headers['x-amz-target'];
  const [status, document] = credentials(target, JSON.parse(await body(request)));
  log.push({ event: target.split('.')[1], error: document.__type });
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(document));
}

function lab(url, response) {
  for (const [name, value] of url.searchParams) life[name] = Number(value);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ log, life, accessTokens, password: PASSWORD }));
}

const app = provider.callback();
server.on('request', (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/lab') return lab(url, response);
  const failed = (error) => { log.push({ event: 'lab', error: `${error}` }); response.writeHead(400).end(`${error}`); };
  if (url.pathname.startsWith('/sign-in/')) return signIn(request, response).catch(failed);
  if (request.headers['x-amz-target']) return identityPool(request, response).catch(failed);
  // Cognito serves discovery and keys below the pool's id. Here every pool has the same keys, so that only the issuer's
  // name tells the pools apart.
  if (pool) request.url = request.url.replace(/^\/[\w-]+_\w+(?=\/\.well-known\/)/, '');
  return app(request, response);
});
console.log(JSON.stringify({ base, node: process.version }));
process.stdin.on('end', () => process.exit(0)).resume();
