// The progress of a sync, as the server tells it.
"use strict"

let stream = null

const tell = (panel, state) => {
  const place = (name) => panel.querySelector(`[data-show="${name}"]`)
  for (const name of ["phase", "subject", "error"]) place(name).textContent = state[name]
  if (state.result) place("result").textContent = state.result
  place("running").hidden = state.phase === "idle"
  place("count").textContent = `${state.done} of ${state.total ?? "?"} windows, ${state.requests} requests`
  const bar = place("progress")
  bar.max = Math.max(state.total ?? 1, 1)
  bar.value = state.done
}

const follow = () => {
  const panel = document.querySelector("[data-progress]")
  if (stream && !panel) {
    stream.close()
    stream = null
  }
  if (!panel || stream) return
  stream = new EventSource(panel.dataset.progress)
  stream.onmessage = (event) => {
    const shown = document.querySelector("[data-progress]")
    if (shown) tell(shown, JSON.parse(event.data))
    else follow()
  }
}
document.addEventListener("DOMContentLoaded", follow)
document.addEventListener("htmx:after:swap", follow)
