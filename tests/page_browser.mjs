// Opens DreamFace's pages in a real browser, does what people do there, and prints what it has seen as JSON:
//
//     node page_browser.mjs CHROMIUM OUT PAGE PAGE_WITHOUT_VIEWER
//
// Screenshots go to the folder OUT. WebGL is drawn in software, which takes seconds for a picture on a busy machine.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [, , browserPath, out, page, pageWithoutViewer] = process.argv;
const PATIENCE = 120_000; // milliseconds

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const seen = { errors: [], requests: [] };

async function openPage(path, options) {
  const tab = await browser.newPage(options);
  tab.setDefaultTimeout(PATIENCE);
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.errors.push(message.text()));
  tab.on("pageerror", (error) => seen.errors.push(error.message));
  tab.on("requestfailed", (request) => seen.errors.push(`not loaded: ${request.url().slice(0, 200)}`));
  tab.on("request", (request) => seen.requests.push(request.url().split(":")[0]));
  await tab.emulateMedia({ reducedMotion: "reduce" });
  await tab.goto(pathToFileURL(path).href);
  await tab.waitForSelector(".card");
  return tab;
}

const count = (tab) => tab.locator("#count").textContent();
const visible = (tab) => tab.locator(".card:visible").count();
const drawn = (tab) => tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

async function shoot(tab, name, what = tab) {
  await drawn(tab);
  await what.screenshot({ path: join(out, `${name}.png`), timeout: PATIENCE });
}

// ---- the gallery

const tab = await openPage(page, { viewport: { width: 1000, height: 620 } });
seen.all = await count(tab);
await tab.waitForFunction(() => [...document.querySelectorAll(".card img")].every((image) => image.naturalWidth > 0));
seen.prompts = await tab.locator(".card:not(.damaged) .words").allTextContents();
seen.damaged = await tab.locator(".card.damaged").allTextContents();
seen.injected = await tab.evaluate(() => window.injected ?? null);
await shoot(tab, "gallery");

await tab.fill("#search", "FISHERMAN beard");
seen.searched = [await count(tab), await visible(tab)];
await tab.fill("#search", "nobody has these words");
seen.nobody = [await visible(tab), await tab.locator("#nobody").isVisible()];
await tab.click("#clear");
await tab.locator("#facets .chip", { hasText: /^Woman/ }).click();
seen.women = await tab.locator(".card:visible .words").allTextContents();
await shoot(tab, "filtered");
await tab.click("#clear");
const oldest = tab.locator("input[aria-label='Age, at least']");
await oldest.fill("60");
seen.old = await tab.locator(".card:visible .words").allTextContents();
await tab.click("#clear");
seen.cleared = await visible(tab);
await tab.selectOption("#sort", { label: "Age" });
seen.byAge = await tab.locator(".card:visible .words").allTextContents();
await tab.selectOption("#sort", { label: "As made" });

// ---- a head

await tab.locator(".card", { hasText: "fisherman" }).click();
await tab.waitForSelector(".stage.lit");
seen.open = [await tab.locator("#name").textContent(), await tab.locator("#prompt").textContent()];
seen.sliders = await tab.locator("#sliders input[type=range]").count();
const canvas = tab.locator("#canvas");
await shoot(tab, "head", canvas);
await tab.locator("#shape-jawOpen").fill("1");
seen.moved = await tab.locator(".slider.moved").allTextContents();
await shoot(tab, "jaw", canvas);
await tab.click("#reset");
seen.afterReset = await tab.locator(".slider.moved").count();
await shoot(tab, "reset", canvas);
await tab.locator("#presets .chip", { hasText: /^Smile$/ }).click();
await shoot(tab, "smile");
const box = await canvas.boundingBox();
await tab.click("#reset");
await tab.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await tab.mouse.down();
await tab.mouse.move(box.x + box.width / 2 + 160, box.y + box.height / 2, { steps: 2 });
await tab.mouse.up();
await shoot(tab, "turned", canvas);
await tab.locator("#canvas").focus();
await tab.keyboard.press("ArrowRight");
await tab.waitForFunction((before) => document.getElementById("name").textContent !== before, seen.open[0]);
seen.next = await tab.locator("#name").textContent();
await tab.keyboard.press("ArrowLeft");
await tab.waitForFunction((name) => document.getElementById("name").textContent === name, seen.open[0]);
await tab.keyboard.press("Escape");
seen.closed = [await tab.locator("#head").isVisible(), await visible(tab)];
await tab.close();

// ---- a phone, and a page without the 3D view

const phone = await openPage(page, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
seen.phoneWidth = await phone.evaluate(() => document.documentElement.scrollWidth);
await shoot(phone, "phone");
await phone.close();

const plain = await openPage(pageWithoutViewer, { viewport: { width: 1000, height: 620 } });
seen.note = await plain.locator("#note").textContent();
await plain.locator(".card").first().click();
await plain.waitForFunction(() => document.getElementById("picture").naturalWidth > 0);
seen.withoutViewer = [await plain.locator("#message").textContent(), await plain.locator("#shaping").isVisible()];
await browser.close();

console.log(JSON.stringify(seen));
