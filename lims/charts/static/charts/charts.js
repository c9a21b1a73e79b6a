// Draws the charts of a page. Each [data-chart] holds its specification as JSON (or names it in data-chart-url), a place to draw, and a
// fallback of words or a table that stays when there is no script, no specification or an error.
//
// Specifications carry roles, not colours; the theme comes once per page (#chart-theme) and speaks in the page's CSS variables, so charts
// follow light, dark and print without being drawn again. Nothing here needs an inline style or eval: the strict policy of the page holds.

const options = {
  config: JSON.parse(document.getElementById("chart-theme").textContent),
  ast: true,
  actions: false,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
  renderer: "svg",
  loader: { target: "_self" },
};
const drawn = new Map(); // chart element → its view

async function readSpecification(chart) {
  if (!chart.dataset.chartUrl) return JSON.parse(chart.querySelector('script[type="application/json"]').textContent);
  const answer = await fetch(chart.dataset.chartUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${chart.dataset.chartUrl} answered ${answer.status}`);
  return answer.json();
}

async function draw(chart) {
  drawn.set(chart, null); // claimed, so that a second request does not draw it twice
  try {
    drawn.set(chart, await window.vegaEmbed(chart.querySelector(".chart-canvas"), await readSpecification(chart), options));
    chart.querySelector("details.chart-fallback")?.removeAttribute("open");
    chart.dataset.chartState = "drawn";
  } catch (error) {
    chart.dataset.chartState = "failed"; // the style sheet brings the fallback back
    console.error("A chart could not be drawn.", error);
  }
}

function drawWithin(root) {
  for (const [chart, view] of drawn) {
    if (chart.isConnected) continue;
    view?.finalize();
    drawn.delete(chart);
  }
  const charts = root.matches?.("[data-chart]") ? [root] : root.querySelectorAll("[data-chart]");
  for (const chart of charts) if (!drawn.has(chart)) draw(chart);
}

document.addEventListener("htmx:load", (event) => drawWithin(event.detail.elt));
// Widths and places of words are measured, which needs the fonts.
document.fonts.ready.then(() => drawWithin(document));
