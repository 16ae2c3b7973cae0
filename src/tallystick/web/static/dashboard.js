// The dashboard's keys, the words beside a chart's column, and the notice that the ledger has moved.
"use strict"

const EVERY = 30_000 // milliseconds between two looks for a newer version
let prefix = false

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
  const key = event.key
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

const show = (mark) => {
  if (!tip.isConnected) document.body.append(tip)
  tip.textContent = mark.dataset.tip
  tip.hidden = false
  const box = mark.getBoundingClientRect()
  const left = Math.min(Math.max(box.left + box.width / 2 - tip.offsetWidth / 2, 4), innerWidth - tip.offsetWidth - 4)
  tip.style.left = `${left + scrollX}px`
  tip.style.top = `${Math.max(box.top - tip.offsetHeight - 6, 4) + scrollY}px`
}
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const mark = event.target.closest?.("[data-tip]")
    if (mark) show(mark)
    else tip.hidden = true
  })
}

const look = async () => {
  const known = document.body.dataset.state
  if (!known || document.hidden) return
  const answer = await fetch("/version").catch(() => null)
  if (!answer?.ok) return
  const { state } = await answer.json()
  document.getElementById("moved").hidden = state === known
}
setInterval(look, EVERY)
