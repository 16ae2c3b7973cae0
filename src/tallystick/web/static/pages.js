// What a slider of a form stands at, in words, while it is moved.
"use strict"

document.addEventListener("input", (event) => {
  const slider = event.target
  if (slider.type !== "range") return
  const output = slider.parentElement.querySelector("output")
  if (output) output.textContent = slider.value === slider.min ? slider.dataset.first : `${slider.value} %`
})
