import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import { mayImport, WITHOUT_NODE_MODULES, zoneOf } from './import-rule.ts'
import { listSourceFiles } from './source-files.ts'

interface Import {
  readonly specifier: string
  readonly line: number
}

/** Everything that a file imports or re-exports: statically, dynamically with a literal, or as a type. */
function readImports(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const { module, program } = parseSync(file, text)
  const found: { value: string; start: number }[] = []
  for (const { moduleRequest } of module.staticImports) found.push(moduleRequest)
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) if (moduleRequest) found.push(moduleRequest)
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"])(.+)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2]
    if (literal) found.push({ value: literal, start: moduleRequest.start })
  }
  new Visitor({ TSImportType: ({ source }) => void found.push(source) }).visit(program)
  // One request may stand for several names (`export { a, b } from`).
  const byStart = new Map(found.map(({ value, start }) => [start, value]))
  return [...byStart].map(([start, value]) => ({
    specifier: value,
    line: text.slice(0, start).split('\n').length,
  }))
}

/** "@scope/name/file" → "@scope/name", "name/file" → "name". */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The packages that the package.json of `folder` names. */
function declaredPackages(folder: string): ReadonlySet<string> {
  const manifest: Record<string, Record<string, string> | undefined> = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  )
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest
  const all = { ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies }
  return new Set(Object.keys(all))
}

/** Says what is wrong with one import of `file` (path from the root), or undefined. */
function judge(
  file: string,
  zone: string,
  specifier: string,
  declared: ReadonlySet<string>,
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = join(dirname(file), specifier)
    const home = file.split('/', 2).join('/')
    if (!target.startsWith(`${home}/`)) return `leaves ${home}; reach another package by its name`
    const targetZone = zoneOf(target)
    if (targetZone === undefined && !target.startsWith(`${home}/package.json`))
      return 'source code must not import tests'
    return targetZone === undefined || mayImport(zone, targetZone)
      ? undefined
      : `${zone} must not import ${targetZone}`
  }
  if (isBuiltin(specifier)) {
    return WITHOUT_NODE_MODULES.has(zone) ? `${zone} runs without Node's modules` : undefined
  }
  const name = packageOf(specifier)
  // With its further entries, such as "sfu/packet-port": each is allowed or not by itself.
  const sibling = name.startsWith('@sangam/') ? specifier.slice('@sangam/'.length) : undefined
  if (sibling !== undefined && !mayImport(zone, sibling)) return `${zone} must not import ${sibling}`
  return declared.has(name) ? undefined : `${name} is missing in the package.json beside it`
}

/**
 * Checks every source file of packages/ and apps/ under `root` against the import rule, and that each package declares
 * what it imports. Returns one line per violation, "file:line: …".
 */
export function findBoundaryViolations(root: string): string[] {
  return ['packages', 'apps'].flatMap((group) =>
    listSourceFiles(join(root, group)).flatMap((path) => {
      const file = relative(root, path)
      const zone = zoneOf(file)
      if (zone === undefined) return []
      const declared = declaredPackages(resolve(root, ...file.split('/').slice(0, 2)))
      return readImports(path).flatMap(({ specifier, line }) => {
        const problem = judge(file, zone, specifier, declared)
        return problem ? [`${file}:${line}: imports '${specifier}': ${problem}`] : []
      })
    }),
  )
}
