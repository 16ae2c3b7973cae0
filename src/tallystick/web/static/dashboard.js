// The dashboard's keys, the words beside a chart's column, the look that was chosen, the notice that the ledger moved.
"use strict"

const EVERY = 30_000 // milliseconds between two looks for a newer version
const WAIT = 3_000 // the same where there is no ledger yet
const YEAR = 31_536_000 // seconds
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }
let prefix = false

// A file is downloaded, never swapped into the page: an address with a file's ending is not boosted, whoever wrote it.
const FILE = /^\/(ask\/)?[^/]*\.[a-z]+$/
document.addEventListener("htmx:before:init", (event) => {
  if (event.target.matches("a[href]") && FILE.test(event.target.pathname)) event.preventDefault()
})

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null

// From one column of a chart to the next by the arrows: a chart is one stop of the Tab key.
const step = (event) => {
  const link = event.target.closest?.("svg.stack .column > a")
  if (!link || !(event.key in STEPS)) return
  const links = [...link.closest("svg").querySelectorAll(".column > a")]
  const index = Math.min(Math.max(links.indexOf(link) + STEPS[event.key], 0), links.length - 1)
  event.preventDefault()
  link.setAttribute("tabindex", "-1")
  links[index].setAttribute("tabindex", "0")
  links[index].focus()
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
  const key = event.key
  if (key === "Escape") tip.hidden = true
  step(event)
  if (prefix) {
    prefix = false
    document.querySelector(`nav [data-key="${CSS.escape(key)}"]`)?.click()
  } else if (key === "g") prefix = true
  else if (key === "/") {
    event.preventDefault()
    document.querySelector(".search input")?.focus()
  } else if (key === "?") document.getElementById("help")?.showModal()
})

const tip = document.createElement("div")
tip.className = "tip"
tip.hidden = true
tip.setAttribute("role", "presentation")

// The words of a mark; of a figure in a table how far its row can be trusted, and what its column says is behind it.
const words = (target) => {
  const cell = target.closest?.("td.figure")
  const mark = target.closest?.("[data-tip]")
  if (mark || !cell) return [mark, mark?.dataset.tip]
  const source = cell.closest("table").tHead?.rows[0].cells[cell.cellIndex]?.dataset.tip ?? ""
  const leads = cell.querySelector("a") || !source.startsWith("Click")
  return [cell, [cell.closest("[data-standing]")?.dataset.standing, leads ? source : ""].filter(Boolean).join("\n")]
}

const show = (mark, text) => {
  if (!tip.isConnected) document.body.append(tip)
  tip.textContent = text
  tip.hidden = false
  const box = mark.getBoundingClientRect()
  const width = document.documentElement.clientWidth
  const left = Math.min(Math.max(box.left + box.width / 2 - tip.offsetWidth / 2, 4), width - tip.offsetWidth - 4)
  tip.style.left = `${left + scrollX}px`
  tip.style.top = `${Math.max(box.top - tip.offsetHeight - 6, 4) + scrollY}px`
}
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const [mark, text] = words(event.target)
    if (text) show(mark, text)
    else tip.hidden = true
  })
}

// Light or dark: by hand, and kept in a cookie, so that a page comes in that look; the system's own needs no cookie.
const dark = matchMedia("(prefers-color-scheme: dark)")
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("button.theme")) return
  const root = document.documentElement
  const system = dark.matches ? "dark" : "light"
  const chosen = (root.dataset.theme || system) === "dark" ? "light" : "dark"
  if (chosen === system) delete root.dataset.theme
  else root.dataset.theme = chosen
  document.cookie = `theme=${chosen}; path=/; samesite=strict; max-age=${chosen === system ? 0 : YEAR}`
})

// A menu that is wider than its place shows the entry of this page.
const reveal = () => {
  for (const entry of document.querySelectorAll(".topbar nav [aria-current], .reports [aria-current]")) {
    const menu = entry.closest("nav")
    menu.scrollLeft = entry.offsetLeft - menu.offsetLeft - (menu.clientWidth - entry.offsetWidth) / 2
  }
}
document.addEventListener("DOMContentLoaded", reveal)
document.addEventListener("htmx:after:swap", reveal)

// On paper every chart has its figures under it.
addEventListener("beforeprint", () => {
  for (const behind of document.querySelectorAll("details.behind:not([open])")) {
    behind.dataset.printed = ""
    behind.open = true
  }
})
addEventListener("afterprint", () => {
  for (const behind of document.querySelectorAll("details[data-printed]")) {
    delete behind.dataset.printed
    behind.open = false
  }
})

const look = async () => {
  const known = document.getElementById("foot").dataset.state
  const waits = document.querySelector("[data-wait]") !== null
  if (known && !document.hidden) {
    const answer = await fetch("/version").catch(() => null)
    if (answer?.ok && (await answer.json()).state !== known) {
      if (waits) location.reload()
      document.getElementById("moved").hidden = false
    }
  }
  setTimeout(look, waits ? WAIT : EVERY)
}
setTimeout(look, WAIT)
