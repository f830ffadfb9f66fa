// Opens HTML reports in a real browser and checks what a reader needs of them.
//
//   node check.mjs FOLDER               every *.html in FOLDER; screenshots go to FOLDER/shots
//   node check.mjs --picture HTML STEM  STEM-light.png and STEM-dark.png, 1200 x 1640
//
// Beside NAME.html stands NAME.expect.json: {"verdict": "FAIL", "rows": 2, "parts": 1}. `rows` is
// the least number of rows of the summary tables together, `parts` the number of those tables.
// CHROMIUM names the browser. The last line is `N passed, N failed`; the exit code is 1 when
// anything failed.

import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import axe from 'axe-core';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WIDE = { width: 1200, height: 800 };
/** Down to the first pictures. */
const README = { width: 1200, height: 1640 };
const NARROW = { width: 375, height: 800 };
/** Most bytes of a picture for the README. */
const PICTURE = 300_000;
/** Tallest screenshot, in pixels. */
const TALLEST = 6000;
/** Fewer checks on a page than this: something was not found. */
const LEAST = 30;

let passed = 0;
let failed = 0;

/** Counts a check and says what is wrong. */
function check(page, what, fine, detail = '') {
  if (fine) {
    passed += 1;
  } else {
    failed += 1;
    const text = typeof detail === 'string' ? detail : JSON.stringify(detail);
    console.log(`FAILED ${page}: ${what}${text ? `: ${text.slice(0, 2000)}` : ''}`);
  }
}

/** Runs checks; one that cannot be made is a failure, not the end. */
async function section(page, what, body) {
  try {
    await body();
  } catch (error) {
    check(page, what, false, String(error.message ?? error).split('\n').slice(0, 4).join(' | '));
  }
}

/** A page in a context of its own, with ears on everything that should not happen. */
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const heard = { console: [], errors: [], requests: [] };
  page.on('console', (message) => {
    if (['error', 'warning', 'assert'].includes(message.type())) heard.console.push(message.text());
  });
  page.on('pageerror', (error) => heard.errors.push(String(error)));
  page.on('request', (request) => {
    const asked = request.url();
    if (asked.split('#')[0] !== url && !asked.startsWith('data:')) heard.requests.push(asked);
  });
  page.on('websocket', (socket) => heard.requests.push(socket.url()));
  await page.goto(url, { waitUntil: 'load' });
  return { context, page, heard, parts: await named(page) };
}

/**
 * Gives what is looked for a name of ours: the summary table of each part, its filter, and the
 * count that is announced. Says how many parts there are.
 */
function named(page) {
  return page.evaluate(() => {
    const tables = [...document.querySelectorAll('.list table.sum')];
    tables.forEach((table, part) => {
      const list = table.closest('.list');
      table.dataset.check = `table-${part}`;
      list.querySelector('input[type=search]').dataset.check = `filter-${part}`;
      list.querySelector('[role=status]').dataset.check = `count-${part}`;
    });
    return tables.length;
  });
}

const by = (page, what, part) => page.locator(`[data-check="${what}-${part}"]`);

function quiet(name, where, heard) {
  check(name, `no console errors or warnings${where}`, heard.console.length === 0, heard.console);
  check(name, `no page errors${where}`, heard.errors.length === 0, heard.errors);
  check(name, `no network request${where}`, heard.requests.length === 0, heard.requests);
}

/** Serious and critical findings of axe-core. */
async function accessible(name, where, page) {
  await section(name, `axe ${where}`, async () => {
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const result = await globalThis.axe.run(document, {
        resultTypes: ['violations'],
        elementRef: false,
      });
      return {
        rules: result.passes.length,
        violations: result.violations
          .filter((v) => v.impact === 'serious' || v.impact === 'critical')
          .map((v) => ({
            rule: v.id,
            nodes: v.nodes.length,
            first: v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')}: ${n.failureSummary}`),
          })),
      };
    });
    check(name, `axe looked at something ${where}`, found.rules > 5, found.rules);
    check(name, `accessible ${where}`, found.violations.length === 0, found.violations);
  });
}

/** Nothing is wider than the window; the element that is, is named. */
async function fits(name, where, page, width) {
  const found = await page.evaluate((limit) => {
    const wide = document.documentElement.scrollWidth;
    if (wide <= limit) return { wide };
    const inside = (e) => {
      for (let up = e.parentElement; up; up = up.parentElement) {
        if (getComputedStyle(up).overflowX !== 'visible') return true;
      }
      return false;
    };
    const guilty = [...document.body.querySelectorAll('*')]
      .filter((e) => e.getBoundingClientRect().right > limit + 0.5 && !inside(e))
      .slice(0, 3)
      .map((e) => `${e.tagName.toLowerCase()}#${e.id}.${e.getAttribute('class') ?? ''}`);
    return { wide, guilty };
  }, width);
  check(name, `no sideways scrolling ${where}`, found.wide <= width, found);
}

/** How bright the page is behind its text, 0 to 1. */
function brightness(page) {
  return page.evaluate(() => {
    for (const element of [document.body, document.documentElement]) {
      const [r, g, b, a = 1] = (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? [])
        .map(Number);
      if (a > 0 && b !== undefined) return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
    }
    return 1;
  });
}

/** The verdict stands at the beginning: in the heading or in what follows it at once. */
async function verdict(name, where, page, wanted) {
  const found = await page.evaluate((word) => {
    // Before the first table: its cells have verdicts too.
    const table = document.querySelector('table');
    const before = document.createRange();
    before.selectNodeContents(document.body);
    if (table) before.setEndBefore(table);
    const text = before.toString().replace(/\s+/g, ' ').trim().slice(0, 600);
    const holds = (e) => e.textContent.includes(word) && e.getClientRects().length > 0;
    const first = [...document.body.querySelectorAll('header *, main *')]
      .filter((e) => !e.closest('table') && holds(e) && ![...e.children].some(holds))
      .map((e) => e.getBoundingClientRect().top)[0];
    return { text, top: first ?? null, headings: document.querySelectorAll('h1').length };
  }, wanted);
  check(name, `verdict ${wanted} at the beginning${where}`, found.text.includes(wanted), found);
  check(name, `verdict on the first screen${where}`, found.top !== null && found.top < 500, found);
  check(name, `one first heading${where}`, found.headings === 1, found);
}

/** Rows of a summary that can be seen: their whole text, and each cell with its key to sort by. */
function rows(page, part) {
  return by(page, 'table', part).evaluate((table) =>
    [...table.tBodies[0].rows]
      .filter((row) => row.getClientRects().length > 0)
      .map((row) => ({
        text: row.textContent,
        cells: [...row.cells].map((cell) => ({
          text: cell.textContent.trim(),
          key: cell.dataset.v,
        })),
      })),
  );
}

const texts = (all) => all.map((row) => row.text);

async function sorts(name, page, part) {
  const table = by(page, 'table', part);
  const buttons = table.locator('thead th button');
  const count = await buttons.count();
  const heads = await table.locator('thead th').count();
  // A column of pictures has no order.
  check(name, `header buttons of summary ${part}`, count > 1 && count >= heads - 1, [count, heads]);
  const before = texts(await rows(page, part));
  let changed = false;
  for (let i = 0; i < count; i += 1) {
    const button = buttons.nth(i);
    const [label, column] = await button.evaluate((b) => [
      b.textContent.trim(),
      b.closest('th').cellIndex,
    ]);
    const what = `summary ${part}, column ${label || i}`;
    const orders = {};
    for (let click = 0; click < 2; click += 1) {
      await button.click();
      const states = await table
        .locator('thead th')
        .evaluateAll((all) => all.map((th) => th.getAttribute('aria-sort') ?? 'none'));
      const others = states.filter((_, at) => at !== column);
      check(name, `${what}: the others are not sorted`, others.every((s) => s === 'none'), states);
      orders[states[column]] = await rows(page, part);
    }
    const { ascending, descending } = orders;
    check(name, `${what}: aria-sort both ways`, ascending && descending, Object.keys(orders));
    if (!ascending || !descending) continue;
    const [up, down] = [texts(ascending), texts(descending)];
    const same = (a, b) => a.join('\u0002') === b.join('\u0002');
    check(name, `${what}: no row is lost`, same([...up].sort(), [...before].sort()));
    changed ||= !same(up, before) || !same(down, before);
    const keys = (all) => all.map((row) => row.cells[column]?.key);
    const distinct = new Set(ascending.map((row) => row.cells[column]?.key ?? row.cells[column]?.text));
    if (distinct.size > 1) check(name, `${what}: the order turns round`, !same(up, down), up);
    // Where cells carry numbers to sort by, they are in order; what has none may stand anywhere.
    const numbers = (all) => keys(all).filter((k) => k && Number.isFinite(Number(k))).map(Number);
    const rising = numbers(ascending);
    const falling = numbers(descending).reverse();
    for (const list of [rising, falling]) {
      check(name, `${what}: in order`, list.every((x, at) => at === 0 || list[at - 1] <= x), list);
    }
  }
  if (new Set(before).size > 1) check(name, `summary ${part}: clicks change the order`, changed);
}

async function filters(name, page, part) {
  const filter = by(page, 'filter', part);
  const counter = by(page, 'count', part);
  const live = await counter.evaluate((e) => e.closest('[aria-live], [role=status]') !== null);
  check(name, `count ${part} is announced`, live);
  const shown = async (what) => {
    await page.waitForTimeout(250); // A filter may wait until typing ends.
    const found = await rows(page, part);
    const text = (await counter.textContent()).trim();
    const first = text.match(/\d[\d\u00a0\u202f\u2009]*/)?.[0].replace(/\D/g, '');
    check(name, `count ${part} ${what}`, Number(first) === found.length, [text, found.length]);
    return found;
  };
  const all = await rows(page, part);
  await filter.fill('nothing-has-this-text-\u2603');
  check(name, `filter ${part} hides all`, (await shown('of none')).length === 0);
  // The word of the last row that the fewest rows have.
  const has = (row, word) => row.text.toLowerCase().includes(word.toLowerCase());
  const having = (word) => all.filter((row) => has(row, word)).length;
  const words = all.at(-1).cells.flatMap((cell) => cell.text.split(/\s+/)).filter(Boolean);
  const rare = [...words].sort((a, b) => having(a) - having(b))[0];
  await filter.fill(rare);
  const some = await shown(`of ${rare}`);
  check(name, `filter ${part} finds ${rare}`, some.length === having(rare) && some.length > 0, [
    some.length,
    having(rare),
  ]);
  check(name, `filter ${part} shows only ${rare}`, some.every((row) => has(row, rare)));
  await filter.fill('');
  check(name, `filter ${part} gives all back`, (await shown('of all')).length === all.length);
}

/** The skip link comes first and leads somewhere; the filter is reached soon after. */
async function keyboard(name, page) {
  await page.evaluate(() => window.scrollTo(0, 0));
  const focused = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      const box = e.getBoundingClientRect();
      const style = getComputedStyle(e);
      return {
        skip: e.matches('a.skip'),
        check: e.dataset.check,
        seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0,
        ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
        target: e.matches('a.skip') && document.querySelector(e.getAttribute('href')) !== null,
      };
    });
  await page.keyboard.press('Tab');
  const first = await focused();
  check(name, 'the first tab stop is the skip link', first.skip, first);
  check(name, 'the skip link is seen when it has the focus', first.seen, first);
  check(name, 'the skip link leads somewhere', first.target, first);
  let reached = first;
  for (let i = 0; i < 40 && reached.check !== 'filter-0'; i += 1) {
    await page.keyboard.press('Tab');
    reached = await focused();
  }
  check(name, 'tab reaches the filter', reached.check === 'filter-0', reached);
  check(name, 'the filter shows that it has the focus', reached.ring, reached);
  const header = by(page, 'table', 0).locator('thead th button').first();
  await header.focus();
  await page.keyboard.press('Enter');
  const sorted = await header.evaluate((b) => b.closest('th').getAttribute('aria-sort'));
  check(name, 'Enter sorts', sorted === 'ascending' || sorted === 'descending', sorted);
}

/** How many findings there are, and how many of them are unfolded. */
function unfolded(page) {
  return page.evaluate(() => [
    document.querySelectorAll('details.f').length,
    document.querySelectorAll('details.f[open]').length,
  ]);
}

/** Buttons, paper and links unfold what is folded, and paper leaves it as it was. */
async function unfolds(name, page) {
  const pressed = async (what) => {
    for (const button of await page.locator(`button.${what}`).all()) await button.click();
    return unfolded(page);
  };
  const [all, open] = await pressed('unfold');
  check(name, 'the button unfolds all', all > 0 && open === all, [all, open]);
  const folded = await pressed('fold');
  check(name, 'the button folds all', folded[1] === 0, folded);
  const event = async (type) => {
    await page.evaluate((t) => dispatchEvent(new Event(t)), type);
    return unfolded(page);
  };
  const before = await event('beforeprint');
  check(name, 'paper has no folds', before[1] === all, before);
  const after = await event('afterprint');
  check(name, 'folds are back after printing', after[1] === 0, after);
  const link = page.locator('.list tbody th a').last();
  await link.click();
  const shown = await page.evaluate(() => {
    const target = document.querySelector(':target');
    const box = target?.getBoundingClientRect();
    return target && [target.open, box.top < innerHeight && box.bottom > 0];
  });
  check(name, 'a link unfolds what it leads to', shown?.[0] === true && shown[1], shown);
  // No page may stumble over an address that somebody has broken; what it says is heard.
  await page.evaluate(() => { location.hash = '#%'; });
  await page.waitForTimeout(50);
}

/** A picture opens large and closes again, by its links and by Escape. */
async function enlarges(name, page) {
  await openAll(page);
  const link = page.locator('.large .grow').first();
  if ((await link.count()) === 0) return;
  const large = () => page.locator('.large:target').count();
  await link.click();
  check(name, 'a picture opens large', (await large()) === 1);
  await page.keyboard.press('Escape');
  check(name, 'Escape closes it', (await large()) === 0);
}

/** What can be pressed or typed into and is seen. */
function controls(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('input, select, textarea, a.skip, #theme, button')]
      .filter((e) => {
        // A heading that is a button on the screen is a heading on paper.
        if (e.closest('thead') && e.tagName === 'BUTTON') return false;
        const box = e.getBoundingClientRect();
        return (
          e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
          box.width > 1 &&
          box.height > 1 &&
          box.right > 0 &&
          box.bottom + window.scrollY > 0
        );
      })
      .map((e) => `${e.tagName.toLowerCase()}#${e.id}.${e.className}`),
  );
}

async function openAll(page) {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
}

async function shoot(page, file) {
  await page.evaluate(() => window.scrollTo(0, 0));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const { width } = page.viewportSize();
  const clip = { x: 0, y: 0, width, height: Math.min(Math.max(height, 1), TALLEST) };
  // Of a page as tall as a tower only what is in view: the browser would paint all of it.
  const whole = height <= 5 * TALLEST;
  await page.screenshot({ path: file, fullPage: whole, ...(whole && { clip }), animations: 'disabled' });
}

/** The button leads to dark and back, in at most three presses each. */
async function button(name, page) {
  const theme = page.locator('#theme');
  for (const [word, reached] of [['dark', (b) => b < 0.25], ['light', (b) => b > 0.75]]) {
    let now = await brightness(page);
    for (let i = 0; i < 3 && !reached(now); i += 1) {
      await theme.click();
      now = await brightness(page);
    }
    check(name, `the button makes it ${word}`, reached(now), now);
  }
  const label = await theme.evaluate((b) => b.getAttribute('aria-label') ?? b.textContent.trim());
  check(name, 'the button has a name', label.length > 0);
}

/** Whether a page has more findings than are looked at one by one. */
const large = (expected) => (expected.rows ?? 0) > 50;

/** Everything about one page. */
async function one(browser, file, shots) {
  const name = path.basename(file, '.html');
  const expected = JSON.parse(await readFile(file.replace(/\.html$/, '.expect.json'), 'utf8'));
  const shot = (kind) => path.join(shots, `${name}-${kind}.png`);
  const before = passed + failed;

  await section(name, 'light', async () => {
    const { context, page, heard, parts } = await open(browser, file, { colorScheme: 'light' });
    await verdict(name, '', page, expected.verdict);
    const now = await brightness(page);
    check(name, 'light when light is preferred', now > 0.75, now);
    await shoot(page, shot('light'));
    await accessible(name, 'in light', page);
    await fits(name, 'on a wide screen', page, WIDE.width);
    await section(name, 'keyboard', () => keyboard(name, page));
    check(name, 'summaries, one a part', parts === (expected.parts ?? 1), parts);
    let total = 0;
    for (let part = 0; part < parts; part += 1) {
      total += (await rows(page, part)).length;
      await section(name, `sorting summary ${part}`, () => sorts(name, page, part));
      await section(name, `filter ${part}`, () => filters(name, page, part));
    }
    check(name, 'rows of the summary', total >= (expected.rows ?? 1), total);
    const found = await page.locator('details.f').count();
    check(name, 'findings that unfold', found >= (expected.findings ?? 1), found);
    await section(name, 'theme button', () => button(name, page));
    await section(name, 'folds', () => unfolds(name, page));
    await section(name, 'large pictures', () => enlarges(name, page));
    quiet(name, '', heard);
    await context.close();
  });

  await section(name, 'dark', async () => {
    const { context, page, heard } = await open(browser, file, { colorScheme: 'dark' });
    const now = await brightness(page);
    check(name, 'dark when dark is preferred', now < 0.25, now);
    await shoot(page, shot('dark'));
    await openAll(page);
    // A hundred findings unfolded say nothing that eight do not, and take half a minute.
    if (!large(expected)) await accessible(name, 'in dark, all open', page);
    quiet(name, ' in dark', heard);
    await context.close();
  });

  await section(name, 'narrow', async () => {
    const { context, page, heard } = await open(browser, file, {
      colorScheme: 'light',
      viewport: NARROW,
    });
    await verdict(name, ' on a phone', page, expected.verdict);
    await fits(name, 'on a phone', page, NARROW.width);
    await shoot(page, shot('375'));
    await accessible(name, 'on a phone', page);
    await openAll(page);
    await fits(name, 'on a phone, all open', page, NARROW.width);
    await shoot(page, shot('375-open'));
    if (!large(expected)) await accessible(name, 'on a phone, all open', page);
    await page.setViewportSize(WIDE);
    await fits(name, 'on a wide screen, all open', page, WIDE.width);
    await shoot(page, shot('open'));
    await page.emulateMedia({ media: 'print' });
    const seen = await controls(page);
    check(name, 'no controls on paper', seen.length === 0, seen);
    await verdict(name, ' on paper', page, expected.verdict);
    quiet(name, ' on a phone', heard);
    await context.close();
  });

  await section(name, 'without JavaScript', async () => {
    const { context, page, parts } = await open(browser, file, { javaScriptEnabled: false });
    // Questions of ours still work: only the page's own scripts are off.
    await verdict(name, ' without JavaScript', page, expected.verdict);
    let total = 0;
    for (let part = 0; part < parts; part += 1) total += (await rows(page, part)).length;
    check(name, 'tables without JavaScript', total >= (expected.rows ?? 1), total);
    await context.close();
  });

  const made = passed + failed - before;
  check(name, `at least ${LEAST} checks were made`, made >= LEAST, made);
}

/** Two pictures for the README. */
async function picture(browser, file, stem) {
  for (const colorScheme of ['light', 'dark']) {
    const { context, page } = await open(browser, file, { colorScheme, viewport: README });
    const target = `${stem}-${colorScheme}.png`;
    await page.screenshot({ path: target, animations: 'disabled' });
    const { size } = await stat(target);
    check(target, `at most ${PICTURE} bytes`, size <= PICTURE, size);
    await context.close();
  }
}

async function main([first, ...rest]) {
  if (first === undefined || (first === '--picture' && rest.length !== 2)) {
    console.error('usage: node check.mjs FOLDER | --picture HTML STEM');
    process.exitCode = 2;
    return;
  }
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: ARGUMENTS,
  });
  try {
    if (first === '--picture') {
      await picture(browser, ...rest);
    } else {
      const files = (await readdir(first)).filter((f) => f.endsWith('.html')).sort();
      check(first, 'there are pages', files.length > 0);
      const shots = path.join(first, 'shots');
      await mkdir(shots, { recursive: true });
      // Two at a time: as many as small machines have cores.
      const queue = [...files];
      const worker = async () => {
        for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
          const start = Date.now();
          await section(file, 'the page', () => one(browser, path.join(first, file), shots));
          console.log(`${file}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
        }
      };
      await Promise.all([worker(), worker()]);
    }
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
