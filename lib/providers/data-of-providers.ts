import type { DataOf, MetadataField } from '../token/metadata-options.js'
import type { UserData } from '../user.js'

/**
 * The type of `user.data` when tokens may come from any of several providers: a field is certain to exist only when
 * every provider requires it, since a user may have signed in with just one.
 */
export type DataOfProviders<Providers extends Readonly<Record<string, object>>> = Merged<
  { readonly [Name in keyof Providers]: DataOfOne<Providers[Name]> }[keyof Providers]
>

type DataOfOne<Options> = Options extends { readonly metadataFields: infer Fields }
  ? Fields extends readonly MetadataField[]
    ? DataOf<Fields>
    : UserData
  : 'metadataFields' extends keyof Options
    ? UserData
    : NoData

/** The data of a provider without metadata fields. */
type NoData = object

/** Merges the members of a union into one type. */
type Merged<Data> =
  string extends FieldOf<Data>
    ? UserData
    : {
        readonly [Field in FieldOf<Data> as IsOpen<Data, Field> extends never ? Field : never]: ValueOf<
          Data,
          Field
        >
      } & {
        readonly [Field in FieldOf<Data> as IsOpen<Data, Field> extends never ? never : Field]?: ValueOf<
          Data,
          Field
        >
      }

type FieldOf<Data> = Data extends unknown ? keyof Data : never

type ValueOf<Data, Field> = Data extends unknown ? (Field extends keyof Data ? Data[Field] : never) : never

/** `never` when every member of the union requires the field. */
type IsOpen<Data, Field> = Data extends unknown
  ? Field extends keyof Data
    ? NoData extends Pick<Data, Field>
      ? true
      : never
    : true
  : never
