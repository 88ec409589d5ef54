import { buildAllOrExit } from './compile/all.ts'

await buildAllOrExit()
console.log('The native addon and the web app are up to date')
