// A page with Rollout's connectors, for a user who is signed in to your own site.
//
// @rollout/link-react is licensed under GPL-3.0: see what that asks of you before you ship a page with it. Neither the
// package nor a bundle of it is kept in this repository: `npm install && npm run build` makes one on your machine.

import { useState } from "react";
import { createRoot } from "react-dom/client";
import { CredentialsManager, RolloutLinkProvider } from "@rollout/link-react";
import "@rollout/link-react/style.css";

// A function, not a token: a token ends after minutes, and the page may stay open for hours. The provider calls it
// once, keeps what comes back, and calls it again when Rollout's API answers 401.
async function fetchToken() {
  const response = await fetch("/rollout/token", {
    cache: "no-store", // a token from the browser's cache may have ended
    headers: { "X-Demo-Session": "demo-session" }, // in place of your own sign-in: a cookie needs no line here
  });
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
  return (await response.json()).token;
}

function Integrations({ apiBaseUrl }) {
  const [failed, setFailed] = useState(false);

  // The provider keeps a failure as it keeps a token, and would not call again: another provider has to.
  const token = () => fetchToken().catch((error) => { setFailed(true); throw error; });

  if (failed) {
    return (
      <p role="alert">
        Integrations are unavailable. <button onClick={() => setFailed(false)}>Try again</button>
      </p>
    );
  }
  return (
    <RolloutLinkProvider token={token} apiBaseUrl={apiBaseUrl}>
      <CredentialsManager />
    </RolloutLinkProvider>
  );
}

const root = document.getElementById("root");
// Without a base URL, the provider calls Rollout's own API.
createRoot(root).render(<Integrations apiBaseUrl={root.dataset.apiBaseUrl || undefined} />);
