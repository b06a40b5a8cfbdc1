// Opens pages of the built site on a phone and on a desk, light and dark, searches in it, and prints what it saw as JSON.
// Its arguments are the browser's program, the site's address, and JSON of the pages and of the texts to search for.

import { chromium } from "../frontend/node_modules/playwright-core/index.mjs";

const [executablePath, site, wanted] = process.argv.slice(2);
const { pages, searches } = JSON.parse(wanted);
// The first is for root, whom CI runs as; the others keep the browser from calling its vendor.
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, args });
const seen = { foreign: [], errors: [], wide: [], broken: [], colours: {}, found: {} };

async function open(width, colorScheme, visit) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    if (reason !== "net::ERR_ABORTED") seen.errors.push(`${request.url()}: ${reason}`); // that one: the page was left
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(site) && !request.url().startsWith("data:")) seen.foreign.push(request.url());
  });
  await visit(page);
  await context.close();
}

try {
  await open(390, "light", async (page) => {
    for (const path of pages) {
      await page.goto(site + path);
      const [width, broken] = await page.evaluate(() => [
        Math.max(...[".content", "body"].map((part) => document.querySelector(part)?.scrollWidth ?? 0)),
        [...document.images].filter((image) => !image.complete || !image.naturalWidth || !image.alt).map((image) => image.src),
      ]);
      if (width > 390) seen.wide.push(`${path}: ${width} px`);
      seen.broken.push(...broken);
    }
  });
  await open(1280, "light", async (page) => {
    for (const text of searches) {
      await page.goto(`${site}search.html?q=${encodeURIComponent(text)}`);
      await page.locator("#search-results ul.search a").first().waitFor();
      await page.locator("#search-results .search-summary").filter({ hasText: /found|matching/i }).waitFor();
      seen.found[text] = await page.locator("#search-results ul.search a").evaluateAll((all) => all.map((a) => a.href));
    }
  });
  for (const colorScheme of ["light", "dark"]) {
    await open(1280, colorScheme, async (page) => {
      await page.goto(`${site}protocol.html`);
      seen.colours[colorScheme] = await page.evaluate(() => [
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector(".plantuml img")).filter,
      ]);
    });
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
