// The discovery document of an OpenID provider, for the page on which somebody connects one.
import { createServer } from "node:http";

export async function startIssuer() {
  const server = createServer((request, answer) => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const document = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
    answer.setHeader("Content-Type", "application/json").end(JSON.stringify(request.url === "/jwks" ? { keys: [] } : document));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

/** Connects it to the organisation of whoever is signed in; answers the connection's id. */
export async function connect(context, issuer, domain) {
  const form = { label: "Northwind ID", issuer: issuer.url, client_id: "leadline", client_secret: "never shown", domains: domain, default_role: "rep" };
  const answer = await context.request.post("/settings/security/sso", { form });
  const id = /\/settings\/security\?edit=(sso_[0-9a-f]+)/.exec(await answer.text())?.[1];
  if (!id) throw new Error(`no provider was connected: ${answer.status()}`);
  return id;
}
