// Suggestions while a text is typed: a list under its field, moved in by arrow keys, chosen by Enter or a click.
"use strict"

const list = (field) => document.getElementById(field?.getAttribute?.("aria-controls") ?? "")
const options = (field) => [...(list(field)?.querySelectorAll("[role=option]") ?? [])]
const isOpen = (field) => field.getAttribute("aria-expanded") === "true"

const select = (field, chosen) => {
  for (const option of options(field)) option.setAttribute("aria-selected", option === chosen)
  if (chosen) {
    field.setAttribute("aria-activedescendant", chosen.id)
    chosen.scrollIntoView({ block: "nearest" })
  } else field.removeAttribute("aria-activedescendant")
}
const open = (field, is) => {
  field.setAttribute("aria-expanded", is && options(field).length > 0)
  select(field, null)
}

// A suggestion of the search leads to its page; one of a filter stands in its fields and is asked.
const choose = (field, option) => {
  open(field, false)
  if (option.dataset.url) {
    location.assign(option.dataset.url)
    return
  }
  const { form } = field
  form.elements.namedItem("filter").value = option.dataset.dimension
  field.value = option.dataset.value
  form.requestSubmit()
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[role=combobox]")
  if (!field || event.isComposing) return
  const every = options(field)
  const index = every.findIndex((option) => option.getAttribute("aria-selected") === "true")
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step && every.length) {
    event.preventDefault()
    event.stopImmediatePropagation()
    if (!isOpen(field)) open(field, true)
    const next = index < 0 && step < 0 ? every.length - 1 : index + step
    select(field, every[next] ?? null)
  } else if (event.key === "Enter" && isOpen(field) && index >= 0) {
    event.preventDefault()
    choose(field, every[index])
  } else if (event.key === "Escape" && isOpen(field)) {
    event.preventDefault()
    open(field, false)
  }
}, true)

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.(".suggestions [role=option]")
  if (!option) return
  event.preventDefault() // the field keeps the focus
  choose(document.querySelector(`[aria-controls="${option.parentElement.id}"]`), option)
})
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[role=combobox]")) open(event.target, false)
})
document.addEventListener("htmx:after:swap", () => {
  const field = document.activeElement
  if (field?.matches("[role=combobox]")) open(field, true)
})
