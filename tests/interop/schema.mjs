// Rebuilds Rollout's schema of a connect token's claims from its published declaration, and parses claims with it.
//
// The package declares the schema's type and exports no schema. Only what that type says today is understood: anything
// else is an error that quotes it, because a schema built from half of the declaration would prove nothing.

import { readFileSync } from "node:fs";

import { decodeJwt } from "jose";
import ts from "typescript";
import { z } from "zod";

import { serve } from "./serve.mjs";

const PUBLISHED = new URL("node_modules/@rollout/framework/dist/index.d.ts", import.meta.url);
const SCALARS = { ZodAny: z.any, ZodNumber: z.number, ZodString: z.string };

function read(text) {
  const statements = ts.createSourceFile("index.d.ts", text, ts.ScriptTarget.Latest, true).statements;
  const constants = statements.filter(ts.isVariableStatement).flatMap((each) => each.declarationList.declarations);
  const interfaces = statements.filter(ts.isInterfaceDeclaration);
  return {
    zConsumerTokenData: described(only(constants, "zConsumerTokenData").type),
    ConsumerTokenData: parents(only(interfaces, "ConsumerTokenData")),
  };
}

function only(declarations, name) {
  const found = declarations.filter((each) => each.name.getText() === name);
  if (found.length !== 1) throw new Error(`${name} is declared ${found.length} times`);
  return found[0];
}

function described(type) {
  const [zod, kind] = ts.isTypeReferenceNode(type) ? type.typeName.getText().split(".") : [];
  const parameters = type.typeArguments ?? [];
  if (zod !== "z") throw unknown(type);
  if (kind in SCALARS && parameters.length === 0) return kind;
  if (kind === "ZodOptional" && parameters.length === 1) return { ZodOptional: described(parameters[0]) };
  if (kind === "ZodObject") return describedObject(...parameters);
  throw unknown(type);
}

// The two further parameters, the output and the input type, follow from these three.
function describedObject(shape, unknownKeys, catchall) {
  if (!ts.isTypeLiteralNode(shape)) throw unknown(shape);
  if (unknownKeys.getText() !== '"strip"') throw unknown(unknownKeys);
  if (catchall.getText() !== "z.ZodTypeAny") throw unknown(catchall);
  return { ZodObject: Object.fromEntries(shape.members.map(describedField)) };
}

function describedField(field) {
  const isPlain = ts.isPropertySignature(field) && !field.questionToken && !field.modifiers;
  if (!isPlain || !(ts.isIdentifier(field.name) || ts.isStringLiteral(field.name))) throw unknown(field);
  return [field.name.text, described(field.type)];
}

function parents(declaration) {
  if (declaration.members.length > 0) throw unknown(declaration);
  return (declaration.heritageClauses ?? []).flatMap((clause) => clause.types.map((type) => type.getText()));
}

function unknown(node) {
  return new Error(`the declaration has ${ts.SyntaxKind[node.kind]} ${node.getText()}`);
}

function built(description) {
  if (typeof description === "string") return SCALARS[description]();
  if (description.ZodOptional) return built(description.ZodOptional).optional();
  const fields = Object.entries(description.ZodObject);
  return z.object(Object.fromEntries(fields.map(([name, field]) => [name, built(field)])));
}

const published = () => readFileSync(PUBLISHED, "utf8");
let schema;

await serve({
  read: ({ declaration = published() }) => read(declaration),

  parse({ token, claims = decodeJwt(token) }) {
    schema ??= built(read(published()).zConsumerTokenData);
    const { data, error } = schema.safeParse(claims);
    return { claims, data, issues: error?.issues.map(({ code, path }) => ({ code, path })) };
  },
});
