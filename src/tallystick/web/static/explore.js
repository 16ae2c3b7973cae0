// Explore: empty fields that ask nothing, texts to copy, and hits of a search by arrow keys.
"use strict"

// What is left empty is not asked, so it does not stand in the address; a filter stands in it as it is asked.
document.addEventListener("submit", (event) => {
  const form = event.target
  if (!form.matches(".explore form")) return
  const [dimension, value] = [form.elements.namedItem("filter"), form.elements.namedItem("value")]
  if (dimension && value) {
    if (value.value) value.name = `where.${dimension.value}`
    dimension.disabled = true
  }
  const unused = [...form.querySelectorAll("input:not([type=hidden]), textarea")].filter((field) => !field.value)
  for (const field of unused) field.disabled = true
  setTimeout(() => {
    for (const field of unused) field.disabled = false
    if (dimension) dimension.disabled = false
  })
}, true)

// The name of a view that is saved, as TOML writes it.
document.addEventListener("input", (event) => {
  if (!event.target.matches?.(".save .named")) return
  for (const code of event.target.closest(".save").querySelectorAll("pre code")) {
    code.textContent = code.textContent.replace(/^name = .*$/m, () => `name = ${JSON.stringify(event.target.value)}`)
  }
})

const offer = () => {
  for (const button of document.querySelectorAll(".copy[hidden]")) button.hidden = !navigator.clipboard
}
document.addEventListener("toggle", offer, true)
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.(".copy")
  if (!button) return
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre code").textContent)
  button.textContent = "Copied"
  setTimeout(() => { button.textContent = "Copy" }, 1500)
})

document.addEventListener("keydown", (event) => {
  const hits = [...document.querySelectorAll(".hits a")]
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!hits.length || !step || event.target.closest("select, textarea")) return
  event.preventDefault()
  const index = hits.indexOf(document.activeElement) + step
  hits[(index + hits.length) % hits.length].focus()
})
