export type * from './api.ts'
export { isSangamError, SangamError, type SangamErrorCode } from './errors.ts'
