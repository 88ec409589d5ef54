/** The part of JSON Schema (2020-12) that the protocol's schemas come out as. */
export type JsonSchema = {
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: JsonSchema
  readonly properties?: { readonly [name: string]: JsonSchema }
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** One row of a table of fields. */
type Field = { readonly path: string; readonly type: string; readonly description: string }

const range = (least: number | undefined, most: number | undefined): string => {
  if (most === undefined || most >= Number.MAX_SAFE_INTEGER) return least === undefined ? '' : ` ≥ ${least}`
  return least === undefined ? ` ≤ ${most}` : ` ${least}–${most}`
}

const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] | undefined => schema.anyOf ?? schema.oneOf

const isInlineObject = (schema: JsonSchema): boolean =>
  schema.type === 'object' && schema.properties !== undefined

const literal = (value: unknown): string => `\`${JSON.stringify(value)}\``

/** A type in one line, such as "text 1–128" or "list of [Message](#message), ≤ 200". */
export const typeText = (schema: JsonSchema): string => {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? schema.$ref
    return `[${name}](#${name.toLowerCase()})`
  }
  const [only] = schema.allOf ?? []
  if (only !== undefined) return typeText(only)
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' or ')
  const alternatives = alternativesOf(schema)
  if (alternatives !== undefined) return alternatives.map(typeText).join(' or ')
  switch (schema.type) {
    case 'string':
      return `text${range(schema.minLength, schema.maxLength)}`
    case 'integer':
      return `integer${range(schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + 1), schema.maximum)}`
    case 'number':
      return `number${range(schema.minimum, schema.maximum)}`
    case 'array':
      return `list${schema.maxItems === undefined ? '' : ` (≤ ${schema.maxItems})`} of ${typeText(schema.items ?? {})}`
    case 'object':
      return schema.properties === undefined
        ? `map of ${typeof schema.additionalProperties === 'object' ? typeText(schema.additionalProperties) : 'values'}`
        : Object.keys(schema.properties).length === 0
          ? 'nothing'
          : 'object'
    default:
      return schema.type ?? 'anything'
  }
}

/** All fields of an object, those of nested objects and lists of objects below them. */
const fieldsOf = (schema: JsonSchema, prefix = ''): Field[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isOptional = !(schema.required ?? []).includes(name)
    const byDefault = field.default === undefined ? '' : `, default ${JSON.stringify(field.default)}`
    const path = `${prefix}${name}`
    const row: Field = {
      path: `\`${path}\`${isOptional ? ' (optional)' : ''}`,
      type: typeText(field) + byDefault,
      description: field.description ?? '',
    }
    const nested = isInlineObject(field) ? field : field.items
    if (nested === undefined || !isInlineObject(nested)) return [row]
    return [row, ...fieldsOf(nested, isInlineObject(field) ? `${path}.` : `${path}[].`)]
  })

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const table = (fields: readonly Field[]): string =>
  [
    '| Field | Type | Meaning |',
    '|---|---|---|',
    ...fields.map(
      ({ path, type, description }) => `| ${cell(path)} | ${cell(type)} | ${cell(description)} |`,
    ),
  ].join('\n')

/** An object as a table of fields, a union of objects as one table per alternative, anything else as a line. */
export const schemaText = (schema: JsonSchema): string => {
  const alternatives = alternativesOf(schema)
  if (alternatives?.some(isInlineObject)) return alternatives.map(schemaText).join('\n\nor\n\n')
  if (!isInlineObject(schema))
    return `${typeText(schema)}${schema.pattern === undefined ? '' : `, matching \`${schema.pattern}\``}`
  const fields = fieldsOf(schema)
  return fields.length === 0 ? 'nothing' : table(fields)
}
