// Syntax tree of SQL: names not resolved, literals not typed.

/** A literal keeps its digits or characters; the other side of the comparison decides its type. */
export type Literal =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number' | 'string' | 'hex'; readonly text: string };

/** A column name in a query. */
export interface ColumnName {
  /** The alias before the dot; undefined without one. */
  readonly relation: string | undefined;
  readonly name: string;
}

/** The comparison operators; `!=` is read as `<>`. */
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A WHERE clause, or a part of one. */
export type Expression =
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'sender' }
  | { readonly kind: 'column'; readonly column: ColumnName }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] };

/** One relation of a FROM clause. */
export interface FromItem {
  readonly name: string;
  /** The name itself if no alias is given. */
  readonly alias: string;
  /** The columns after ON; undefined for the first relation and for a join without ON. */
  readonly on: { readonly left: ColumnName; readonly right: ColumnName } | undefined;
}

/** The output list of a SELECT. */
export type Projection =
  | { readonly kind: 'star'; readonly relation: string | undefined }
  | { readonly kind: 'count'; readonly alias: string }
  | { readonly kind: 'columns'; readonly columns: readonly { readonly column: ColumnName; readonly alias: string }[] };

/** A SELECT. */
export interface Select {
  readonly kind: 'select';
  readonly projection: Projection;
  readonly from: readonly FromItem[];
  readonly where: Expression | undefined;
  /** The number after LIMIT. */
  readonly limit: string | undefined;
}

/** An INSERT of one or more rows. */
export interface Insert {
  readonly kind: 'insert';
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Literal[])[];
}

/** One `column = value` of an UPDATE. */
export interface Assignment {
  readonly column: string;
  readonly value: Literal;
}

/** An UPDATE; without `where`, of every row. */
export interface Update {
  readonly kind: 'update';
  readonly table: string;
  readonly assignments: readonly Assignment[];
  readonly where: Expression | undefined;
}

/** A DELETE; without `where`, of every row. */
export interface Delete {
  readonly kind: 'delete';
  readonly table: string;
  readonly where: Expression | undefined;
}

/** A SET of one variable. */
export interface SetVariable {
  readonly kind: 'set';
  readonly name: string;
  readonly value: Literal;
}

/** A SHOW of one variable. */
export interface ShowVariable {
  readonly kind: 'show';
  readonly name: string;
}

/** Any statement that SQL over HTTP knows. */
export type Statement = Select | Insert | Update | Delete | SetVariable | ShowVariable;
