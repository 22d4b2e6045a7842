// `/auth/v1/…`: password and refresh grants for seeded users, the user, the public keys. Tokens as Supabase Auth's.

import { importJWK, jwtVerify, SignJWT } from "jose";
import { type Configuration, publicKeys } from "../configuration.ts";
import { isAway, type Pool } from "./database.ts";
import type { Identify } from "./identity.ts";
import { notServed } from "./not_served.ts";
import { isPassword } from "./passwords.ts";

const ACCESS_TOKEN_S = 3600;
const REFRESH_AUDIENCE = "refresh";

interface UserRow {
  id: string;
  email: string;
  encrypted_password: string | null;
  raw_app_meta_data: Record<string, unknown> | null;
  raw_user_meta_data: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
}

function refuse(status: number, errorCode: string, msg: string): Response {
  return Response.json({ code: status, error_code: errorCode, msg }, { status });
}

const INVALID_CREDENTIALS = ["invalid_credentials", "Invalid login credentials"] as const;

function publicUser(row: UserRow): Record<string, unknown> {
  return {
    id: row.id,
    aud: "authenticated",
    role: "authenticated",
    email: row.email,
    email_confirmed_at: row.created_at,
    confirmed_at: row.created_at,
    phone: "",
    app_metadata: row.raw_app_meta_data ?? {},
    user_metadata: row.raw_user_meta_data ?? {},
    identities: [],
    created_at: row.created_at,
    updated_at: row.updated_at,
    is_anonymous: false,
  };
}

interface AuthOptions {
  configuration: Configuration;
  pool: Pool;
  identify: Identify;
}

/** Signs both tokens of a session and reads refresh tokens back. */
function createSessions({ configuration }: AuthOptions) {
  const issuer = configuration.handedOn.JWT_ISSUER ??
    `${configuration.handedOn.PUBLIC_URL ?? configuration.supabaseUrl}/auth/v1`;
  const signingKey = configuration.signingKeys[0]!;
  const privateKey = importJWK(signingKey, "ES256");
  const refreshSecret = new TextEncoder().encode(configuration.tokenSecret);
  // Signing out holds until the gateway starts again: enough for development.
  const signedOut = new Set<string>();

  async function open(user: UserRow, sessionId: string): Promise<Record<string, unknown>> {
    const now = Math.floor(Date.now() / 1000);
    const accessToken = await new SignJWT({
      email: user.email,
      phone: "",
      app_metadata: user.raw_app_meta_data ?? {},
      user_metadata: user.raw_user_meta_data ?? {},
      role: "authenticated",
      aal: "aal1",
      amr: [{ method: "password", timestamp: now }],
      session_id: sessionId,
      is_anonymous: false,
    }).setProtectedHeader({ alg: "ES256", kid: signingKey.kid!, typ: "JWT" }).setIssuer(issuer)
      .setSubject(user.id).setAudience("authenticated").setIssuedAt(now).setExpirationTime(
        now + ACCESS_TOKEN_S,
      )
      .sign(await privateKey);
    const refreshToken = await new SignJWT({ session_id: sessionId }).setProtectedHeader({ alg: "HS256" })
      .setSubject(user.id).setAudience(REFRESH_AUDIENCE).setJti(crypto.randomUUID()).sign(refreshSecret);
    return {
      access_token: accessToken,
      token_type: "bearer",
      expires_in: ACCESS_TOKEN_S,
      expires_at: now + ACCESS_TOKEN_S,
      refresh_token: refreshToken,
      user: publicUser(user),
    };
  }

  async function readRefreshToken(token: string): Promise<{ userId: string; sessionId: string } | null> {
    try {
      const options = { algorithms: ["HS256"], audience: REFRESH_AUDIENCE };
      const { payload } = await jwtVerify(token, refreshSecret, options);
      const sessionId = String(payload.session_id);
      return payload.sub && !signedOut.has(sessionId) ? { userId: payload.sub, sessionId } : null;
    } catch {
      return null;
    }
  }

  return { open, readRefreshToken, close: (sessionId: string) => void signedOut.add(sessionId) };
}

/** The handler of everything under `/auth/v1/`. */
export function createAuth(options: AuthOptions): (request: Request) => Promise<Response> {
  const { configuration, pool, identify } = options;
  const sessions = createSessions(options);
  const findUser = async (by: { email: string } | { id: string }): Promise<UserRow | undefined> => {
    // No text of Postgres holds a NUL; and what is no uuid is nobody's id.
    if (Object.values(by).some((value) => value.includes("\0"))) return undefined;
    const rows = await pool.use((sql) =>
      "email" in by
        ? sql<UserRow[]>`select * from auth.users where email = lower(${by.email})`
        : sql<UserRow[]>`select * from auth.users where id::text = lower(${by.id})`
    );
    return rows[0];
  };

  async function grant(request: Request): Promise<Response> {
    const identified = await identify(request);
    if ("refusal" in identified) return Response.json({ message: identified.message }, { status: 401 });
    const type = new URL(request.url).searchParams.get("grant_type");
    const body = await request.json().catch(() => null);
    if (type === "password" && typeof body?.email === "string" && typeof body?.password === "string") {
      const user = await findUser({ email: body.email });
      if (!user || !await isPassword(body.password, user.encrypted_password)) {
        return refuse(400, ...INVALID_CREDENTIALS);
      }
      return Response.json(await sessions.open(user, crypto.randomUUID()));
    }
    if (type === "refresh_token" && typeof body?.refresh_token === "string") {
      const session = await sessions.readRefreshToken(body.refresh_token);
      const user = session ? await findUser({ id: session.userId }) : undefined;
      if (!session || !user) return refuse(400, "refresh_token_not_found", "Invalid Refresh Token");
      return Response.json(await sessions.open(user, session.sessionId));
    }
    return type === "password" || type === "refresh_token"
      ? refuse(400, "validation_failed", "The body does not fit the grant type")
      : notServed(`the grant type ${type}`);
  }

  async function withUser(
    request: Request,
    answer: (user: UserRow, claims: Record<string, unknown>) => Response,
  ): Promise<Response> {
    const identified = await identify(request);
    if ("refusal" in identified) {
      return identified.refusal === "no_key" || identified.refusal === "unknown_key"
        ? Response.json({ message: identified.message }, { status: 401 })
        : refuse(403, "bad_jwt", `invalid JWT: ${identified.message}`);
    }
    const { claims } = identified.identity;
    if (typeof claims.sub !== "string" || claims.aud !== "authenticated") {
      return refuse(401, "no_authorization", "This endpoint requires a valid Bearer token");
    }
    const user = await findUser({ id: claims.sub });
    return user
      ? answer(user, claims)
      : refuse(403, "user_not_found", "User from sub claim in JWT does not exist");
  }

  return async function handle(request) {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    try {
      switch (route) {
        case "GET /auth/v1/.well-known/jwks.json":
          return Response.json({ keys: publicKeys(configuration.signingKeys) });
        case "POST /auth/v1/token":
          return await grant(request);
        case "GET /auth/v1/user":
          return await withUser(request, (user) => Response.json(publicUser(user)));
        case "POST /auth/v1/logout":
          return await withUser(request, (_user, claims) => {
            sessions.close(String(claims.session_id));
            return new Response(null, { status: 204 });
          });
        default:
          return notServed(route);
      }
    } catch (error) {
      if (isAway(error)) return refuse(503, "unexpected_failure", "The database does not answer");
      throw error;
    }
  };
}
