import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { budget } from './budget.ts'
import { precache } from './precache.ts'

const SERVER = process.env.SANGAM_SERVER ?? 'http://127.0.0.1:3000'
/** React, the SDK and the interface. The media code comes with the first room. */
const FIRST_PAGE_BYTES = 220_000

export default defineConfig({
  plugins: [react(), tailwindcss(), precache(), budget(FIRST_PAGE_BYTES)],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // The content security policy allows no data: fonts and no inline scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The budget counts instead, compressed.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      '/api': SERVER,
      '/socket.io': { target: SERVER, ws: true },
    },
  },
})
