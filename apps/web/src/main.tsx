import '@fontsource-variable/inter'
import './styles.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { registerWorker } from './push/worker.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html lost its #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
registerWorker()
