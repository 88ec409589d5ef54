// Runs before the first paint, so that a chosen theme never flashes the other one. A file of its own: the
// content security policy forbids inline scripts.
try {
  const chosen = localStorage.getItem('sangam.theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage may be forbidden; the system's theme applies then.
}
