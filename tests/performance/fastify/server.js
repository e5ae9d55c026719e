// Contestant (b): Fastify with `postgres`, the fastest ordinary way to do this on Node.
// The settings come from the environment: PORT, WORKERS, DATABASE_POOL_SIZE, HMAC_PRODUCER_SECRET, PGHOST and so on.

import cluster from 'node:cluster'
import { createHmac, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import postgres from 'postgres'
import { v7 as uuidv7 } from 'uuid'

const PAYLOAD_MAX_BYTES = 32768
const BODY_MAX_BYTES = 6 * PAYLOAD_MAX_BYTES + 4096
const BATCH_MAX_ITEMS = 1000
const BATCH_MAX_BYTES = 4194304
const WINDOW_SECONDS = 300
const TIMESTAMP =
  '\\d{4}-\\d\\d-\\d\\dT([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)'
const TIMESTAMP_FORM = new RegExp(`^${TIMESTAMP}$`)
const PRODUCER_ID_FORM = /^[!-~]{1,64}$/
const SECRET = process.env.HMAC_PRODUCER_SECRET

const signalSchema = {
  type: 'object',
  required: ['instrument', 'side', 'time'],
  properties: {
    instrument: { type: 'string', pattern: '^[A-Z0-9._-]{2,20}$' },
    side: { type: 'integer', minimum: 0, maximum: 1 },
    time: { type: 'string', pattern: `^${TIMESTAMP}$` },
    payload: { type: ['object', 'null'] },
    version: { type: 'integer', minimum: 1, maximum: 2147483647, default: 1 }
  }
}

const answerSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, status: { type: 'integer' }, created_at: { type: 'string', format: 'date-time' } }
}

const batchSchema = {
  type: 'object',
  required: ['signals'],
  properties: { signals: { type: 'array', minItems: 1, maxItems: BATCH_MAX_ITEMS, items: signalSchema } }
}

const batchAnswerSchema = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          status: { type: 'integer' }, id: { type: 'string' }, created_at: { type: 'string', format: 'date-time' }
        }
      }
    }
  }
}

function refused (statusCode, message) {
  return Object.assign(new Error(message), { statusCode })
}

function checkSignature (headers, body) {
  const producerId = headers['x-producer-id']
  const timestamp = headers['x-timestamp']
  const signature = headers['x-signature']
  if (producerId === undefined || timestamp === undefined || signature === undefined) throw refused(401, 'signing header missing')
  if (!PRODUCER_ID_FORM.test(producerId)) throw refused(400, 'producer id ill-formed')
  if (!TIMESTAMP_FORM.test(timestamp)) throw refused(401, 'timestamp malformed')
  const age = Math.floor((Date.now() - Date.parse(timestamp)) / 1000)
  if (!(Math.abs(age) <= WINDOW_SECONDS)) throw refused(401, 'timestamp outside the window')
  const expected = Buffer.from(
    createHmac('sha256', SECRET).update(body).update(timestamp).update(producerId).digest('base64')
  )
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused(401, 'signature does not match')
}

async function createSignal (request, reply) {
  const { instrument, side, time, payload, version } = request.body
  if (request.size > PAYLOAD_MAX_BYTES && Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_MAX_BYTES) {
    throw refused(413, 'payload too large')
  }
  const [row] = await sql`
    INSERT INTO signals (id, producer_id, instrument, side, time, payload, version)
    VALUES (${uuidv7()}, ${request.headers['x-producer-id']}, ${instrument}, ${side}, ${time}, ${payload ?? null}, ${version})
    RETURNING id, status, created_at`
  reply.code(201)
  return row
}

// All in one insert with many rows: one fault and none is stored.
async function createBatch (request, reply) {
  const rows = request.body.signals.map(({ instrument, side, time, payload, version }) => ({
    id: uuidv7(), producer_id: request.headers['x-producer-id'], instrument, side, time, payload: payload ?? null, version
  }))
  if (rows.some(({ payload }) => Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_MAX_BYTES)) {
    throw refused(413, 'payload too large')
  }
  const stored = await sql`INSERT INTO signals ${sql(rows)} RETURNING id, created_at`
  reply.code(201)
  return { results: stored.map(row => ({ status: 201, ...row })) }
}

async function serve () {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    // Fastify's default turns "0" into 0 and true into 1, which would be a weaker check than the others make.
    ajv: { customOptions: { coerceTypes: false } }
  })
  // The signature is over the raw bytes, and nothing unsigned gets as far as the JSON parser.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      checkSignature(request.headers, body)
      request.size = body.length
      done(null, JSON.parse(body))
    } catch (error) {
      error.statusCode ??= 400
      done(error)
    }
  })
  app.decorateRequest('size', 0)
  app.setErrorHandler((error, request, reply) => {
    reply.code(error.validation ? 422 : error.statusCode ?? 500).send({ detail: error.message })
  })
  app.post('/api/v1/signals', { schema: { body: signalSchema, response: { 201: answerSchema } } }, createSignal)
  app.post(
    '/api/v1/signals/batch',
    { bodyLimit: BATCH_MAX_BYTES, schema: { body: batchSchema, response: { 201: batchAnswerSchema } } },
    createBatch
  )
  await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
}

const workers = Number(process.env.WORKERS)
let sql
if (workers > 1 && cluster.isPrimary) {
  for (let n = 0; n < workers; n++) cluster.fork()
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)))
} else {
  sql = postgres({ max: Number(process.env.DATABASE_POOL_SIZE) })
  await serve()
}
