import type { Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Server as NetServer } from 'node:net'
import { startErrors } from '../start-errors.ts'
import type { Certificate } from './certificate.ts'

const listen = (
  server: NetServer,
  host: string,
  port: number,
  names: { port: string; host: string },
): Promise<number> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') reject(startErrors.portInUse(names.port, host, port))
      else if (error.code === 'EACCES') reject(startErrors.portForbidden(names.port, host, port))
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        reject(startErrors.addressUnknown(names.host, host))
      } else reject(error)
    }
    server.once('error', onError)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })

/** Listens with http. Gives the port. @throws StartError `portInUse`, `portForbidden` */
export const listenHttp = (server: HttpServer, host: string, port: number): Promise<number> =>
  listen(server, host, port, { port: 'PORT', host: 'HOST' })

/**
 * Serves over https what an http server serves: requests and upgrades are handed to it, so that one Fastify and one
 * Socket.IO stand behind both.
 * @throws SettingError when key and certificate do not fit
 */
export const createHttpsTwin = (httpServer: HttpServer, { cert, key }: Certificate): HttpsServer => {
  let server: HttpsServer
  try {
    server = createHttpsServer({ cert, key, minVersion: 'TLSv1.2' })
  } catch (cause) {
    throw startErrors.invalidSetting(
      'TLS_CERT',
      cause instanceof Error ? cause.message : '…',
      'a certificate and a key that belong together',
    )
  }
  server.on('request', (request, response) => httpServer.emit('request', request, response))
  server.on('upgrade', (request, socket, head) => httpServer.emit('upgrade', request, socket, head))
  return server
}

/** Listens with https. Gives the port. @throws StartError `portInUse`, `portForbidden` */
export const listenHttps = (server: HttpsServer, host: string, port: number): Promise<number> =>
  listen(server, host, port, { port: 'HTTPS_PORT', host: 'HTTPS_HOST' })

/** Stops listening and ends every connection. */
export const closeServer = (server: HttpServer | HttpsServer | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (server === undefined || !server.listening) {
      resolve()
      return
    }
    server.close(() => resolve())
    server.closeAllConnections()
  })
