// A real OpenID provider in this process: `oidc-provider` with the sign-in form that it has for developers.
import { createServer } from "node:http";
import Provider from "oidc-provider";

export const CLIENT = { id: "leadline", secret: "a-secret-of-the-oidc-provider" };

/** Listens at once, so that its address is known before Leadline starts; `serve` is told where people go back to. */
export async function startIssuer() {
  let answer = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    serve(callback) {
      const provider = new Provider(url, {
        clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback], grant_types: ["authorization_code", "refresh_token"] }],
        pkce: { required: () => true },
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
        cookies: { keys: ["tests"] },
        // Whatever login is typed is the address; one that begins with "claimed" is not verified.
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("claimed"), name: "Ida Identity" }) }),
      });
      provider.on("server_error", (_, error) => console.error(error));
      answer = provider.callback();
    },
    stop: () => (server.closeAllConnections(), server.close()),
  };
}

/** What somebody does at the provider: signs in as `login`, and agrees. */
export async function agree(page, login) {
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("anything");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
