export type { GrantsInput } from './access/grants.ts'
export type { RoleDefinitionInput } from './access/roles.ts'
export { type RoomAction, roomActionNames } from './access/room-policy.ts'
export type { TokenRequest } from './access/tokens.ts'
export type { ChatStore } from './chat/store.ts'
export type { LocalAddresses } from './config/network-addresses.ts'
export { type SettingName, type Settings, settingDefinitions, settingNames } from './config/settings.ts'
export { createServer, type ServerOptions } from './create-server.ts'
export type { MediaWorkerState } from './media/media-workers.ts'
export type { LogDestination } from './observability/log.ts'
export { type OperatorAccess, operatorAccess } from './operator.ts'
export {
  type Explanation,
  type PolicyAction,
  type PolicyApi,
  type PolicyPlace,
  type PolicySubject,
  policyActionNames,
} from './rooms/policy-api.ts'
export type { RoomCaller, RoomMessage, RoomMethod } from './rooms/room-messaging.ts'
export type { RoomInfo, RoomSetup, RoomsApi } from './rooms/rooms-api.ts'
export type { Addresses, Sangam } from './server.ts'
export { SettingError, StartError, type StartErrorCode } from './start-errors.ts'
