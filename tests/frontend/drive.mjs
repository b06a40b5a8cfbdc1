// Does in a browser what a user does, one step for each line of JSON on standard input, and tells what the page did.
// Its arguments are the browser's program and an empty folder for the browser's files. Nothing sleeps: each step waits
// for what it is to bring about.

import { chromium } from "playwright-core";
import { serve } from "../interop/serve.mjs";

const PATIENCE = 10_000; // milliseconds until a step fails, where it would hang
const [executablePath, folder] = process.argv.slice(2);
const browser = await chromium.launchPersistentContext(folder, {
  executablePath,
  headless: true,
  viewport: { width: 880, height: 352 },
  deviceScaleFactor: 1000 / 880, // a screenshot is 1000 pixels wide
  // The first is for root, whom CI runs as; the others keep the browser from calling its vendor.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
browser.setDefaultTimeout(PATIENCE);
const page = browser.pages()[0];

// What happened since the page was opened.
const seen = { calls: [], errors: [], foreign: [] };
let origins = [];

page.on("pageerror", (error) => seen.errors.push(error.message));
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) seen.errors.push(message.text());
});
page.on("requestfailed", (request) => seen.errors.push(`${request.url()}: ${request.failure()?.errorText}`));
browser.on("request", (request) => {
  const { origin, protocol } = new URL(request.url());
  if (!origins.includes(origin) && protocol !== "data:") seen.foreign.push(request.url());
});
page.on("response", (response) => {
  const authorization = response.request().headers()["authorization"];
  if (authorization) seen.calls.push({ authorization, status: response.status() });
});

const items = page.locator(".universal-ConnectorListItem-root");

// The page as it is once it has settled: the connectors and their icons, or what is said in their place.
async function settled() {
  await items.first().or(page.getByRole("alert")).or(page.getByText("An unexpected error occurred")).waitFor();
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));
  const connectors = await items.evaluateAll((all) =>
    all.map((item) => [item.innerText.trim(), item.hasAttribute("data-connected")]));
  return { text: await page.locator("#root").innerText(), connectors: Object.fromEntries(connectors), ...seen };
}

try {
  await serve({
    async open({ site, api }) {
      origins = [site, api];
      for (const list of Object.values(seen)) list.length = 0;
      await page.goto(site);
      return settled();
    },
    async tryAgain() {
      await page.getByRole("button", { name: "Try again" }).click();
      return settled();
    },
    async connect({ name, field, value }) {
      await items.filter({ hasText: name }).click();
      await page.getByLabel(field).fill(value);
      await page.getByRole("button", { name: "Save" }).click();
      // The account stands on the page once the API has taken it, and listed it.
      await page.getByRole("button", { name: "Delete" }).waitFor();
      await page.getByRole("button", { name: "Go Back to Integrations" }).click();
      return settled();
    },
    async screenshot({ path }) {
      await page.mouse.move(0, 0); // nothing is pointed at
      await page.screenshot({ path });
    },
  });
} finally {
  await browser.close();
}
