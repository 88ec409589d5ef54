import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type ParseResult, type Program, parseSync } from 'oxc-parser'

interface SourceFile {
  readonly path: string
  readonly text: string
  readonly parsed: ParseResult
}

type Statement = Program['body'][number]

const files = new Map<string, SourceFile>()

function openFile(path: string): SourceFile {
  const known = files.get(path)
  if (known) return known
  const text = readFileSync(path, 'utf8')
  const file = { path, text, parsed: parseSync(path, text) }
  files.set(path, file)
  return file
}

/** The names that a top-level statement declares; `default` stands for a default export. */
function declaredNames(statement: Statement): string[] {
  const isDefault = statement.type === 'ExportDefaultDeclaration'
  const declaration =
    isDefault || statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
  if (!declaration) return []
  if (isDefault && declaration.type === 'Identifier') return []
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
  }
  const id = 'id' in declaration ? declaration.id : null
  if (id && typeof id === 'object' && 'name' in id && typeof id.name === 'string') return [id.name]
  return isDefault ? ['default'] : []
}

/** True if a comment of the form `/** text *​/` stands right before `start`. */
function hasDocblock({ text, parsed }: SourceFile, start: number): boolean {
  return parsed.comments.some(
    ({ type, value, end }) =>
      type === 'Block' &&
      /^\*[\s*]*[^\s*]/.test(value) &&
      end <= start &&
      text.slice(end, start).trim() === '',
  )
}

/** `type X = z.output<typeof xSchema>` says nothing of its own: it shares the docblock of `xSchema`. */
function schemaOf({ text }: SourceFile, statements: readonly Statement[]): string | undefined {
  const [statement] = statements
  if (statements.length !== 1 || !statement) return undefined
  const source = text.slice(statement.start, statement.end)
  return /^export type \w+ = z\.(?:output|input|infer)<typeof (\w+)>;?$/.exec(source)?.[1]
}

/** Where a name that `file` exports comes from: another module, under the name that it has there; or this one. */
function exportsOf(
  file: SourceFile,
): { name: string; from: string | undefined; source: string; all: boolean }[] {
  return file.parsed.module.staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName, importName, localName, moduleRequest }) => ({
      name: exportName.name ?? localName.name ?? 'default',
      from: moduleRequest?.value,
      source: (moduleRequest ? importName.name : localName.name) ?? 'default',
      all: moduleRequest !== null && importName.name === null,
    })),
  )
}

/** The module and the name from which `file` imports the local binding `name`, if it does. */
function importOf(file: SourceFile, name: string): { from: string; source: string } | undefined {
  for (const { moduleRequest, entries } of file.parsed.module.staticImports) {
    const entry = entries.find(({ localName }) => localName.value === name)
    if (entry) return { from: moduleRequest.value, source: entry.importName.name ?? 'default' }
  }
  return undefined
}

/** Follows `name` to its declaration; returns a finding if that has no docblock. What other packages declare is theirs. */
function checkExport(file: SourceFile, name: string, root: string): string[] {
  const statements = file.parsed.program.body.filter((statement) => declaredNames(statement).includes(name))
  if (statements.length > 0) {
    if (statements.some(({ start }) => hasDocblock(file, start))) return []
    const schema = schemaOf(file, statements)
    if (schema !== undefined) return checkExport(file, schema, root)
    const line = file.text.slice(0, statements[0]?.start).split('\n').length
    return [`${relative(root, file.path)}:${line}: the export ${name} has no docblock`]
  }
  const found = exportsOf(file).find((entry) => entry.name === name && entry.from !== undefined)
  const origin = found?.from ? { from: found.from, source: found.source } : importOf(file, name)
  if (origin?.from.startsWith('.')) {
    return checkExport(openFile(join(dirname(file.path), origin.from)), origin.source, root)
  }
  if (origin) return []
  // `export *` of several modules: the name is in one of them.
  return exportsOf(file)
    .filter((entry) => entry.all && entry.from?.startsWith('.'))
    .flatMap((entry) => checkModule(openFile(join(dirname(file.path), entry.from ?? '')), root, name))
}

/** Checks all exports of `file`, or only the one called `only`. */
function checkModule(file: SourceFile, root: string, only?: string): string[] {
  return exportsOf(file).flatMap((entry) => {
    if (entry.all) {
      return entry.from?.startsWith('.')
        ? checkModule(openFile(join(dirname(file.path), entry.from)), root, only)
        : []
    }
    if (only !== undefined && entry.name !== only) return []
    if (entry.from === undefined) return checkExport(file, entry.source, root)
    if (!entry.from.startsWith('.')) return []
    return checkExport(openFile(join(dirname(file.path), entry.from)), entry.source, root)
  })
}

/** The files that a package's `exports` offer to others, as absolute paths. */
function entriesOf(packageFolder: string): string[] {
  const manifest: { exports?: Record<string, string> } = JSON.parse(
    readFileSync(join(packageFolder, 'package.json'), 'utf8'),
  )
  return Object.values(manifest.exports ?? {})
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => join(packageFolder, path))
}

/**
 * Finds the exports of every package's entries (`exports` of packages/X/package.json) that have no docblock where they
 * are declared, following re-exports inside the package. Returns one line per finding, "file:line: …".
 */
export function findMissingDocblocks(root: string): string[] {
  files.clear()
  const entries = readdirSync(join(root, 'packages')).flatMap((name) =>
    entriesOf(join(root, 'packages', name)),
  )
  return [...new Set(entries.flatMap((path) => checkModule(openFile(path), root)))]
}
