namespace MetricLearning.Core

type private GetContext = delegate of unit -> nativeint

type private Get = delegate of nativeint -> byte

type private Set = delegate of nativeint * byte -> unit

type private SetTwo = delegate of nativeint * byte * byte -> unit

/// libtorch's choice of algorithms: one for the process.
[<Struct>]
type internal LibtorchAlgorithms =
    {
        /// Indexing, scattering and the like add in one order; of what has no such order, libtorch warns.
        AreDeterministic: bool
        /// What has no such order is no error.
        OnlyWarn: bool
        /// New tensors are filled with NaN while algorithms are deterministic.
        FillNew: bool
        /// cuDNN's convolutions add in one order.
        CudnnIsDeterministic: bool
        /// cuDNN tries which of its algorithms is fastest.
        CudnnTries: bool
    }

/// Reading and changing the choice.
module internal LibtorchAlgorithms =

    let private getter (name: string) : Get voption =
        LibtorchExports.find $"?{name}@Context@at@@QEBA_NXZ" $"_ZNK2at7Context{name.Length}{name}Ev"

    let private setter (name: string) : Set voption =
        LibtorchExports.find $"?{name}@Context@at@@QEAAX_N@Z" $"_ZN2at7Context{name.Length}{name}Eb"

    let private functions =
        lazy
            (let context: GetContext voption =
                LibtorchExports.find "?globalContext@at@@YAAEAVContext@1@XZ" "_ZN2at13globalContextEv"

             let setAlgorithms: SetTwo voption =
                 LibtorchExports.find
                     "?setDeterministicAlgorithms@Context@at@@QEAAX_N0@Z"
                     "_ZN2at7Context26setDeterministicAlgorithmsEbb"

             let getters =
                 [|
                     "deterministicAlgorithms"
                     "deterministicAlgorithmsWarnOnly"
                     "deterministicFillUninitializedMemory"
                     "deterministicCuDNN"
                     "benchmarkCuDNN"
                 |]
                 |> Array.map getter

             let setters =
                 [|
                     "setDeterministicFillUninitializedMemory"
                     "setDeterministicCuDNN"
                     "setBenchmarkCuDNN"
                 |]
                 |> Array.map setter

             match context, setAlgorithms with
             | ValueSome context, ValueSome setAlgorithms when
                 Array.forall ValueOption.isSome getters
                 && Array.forall ValueOption.isSome setters
                 ->
                 ValueSome(
                     struct (context.Invoke(),
                             setAlgorithms,
                             Array.map ValueOption.get getters,
                             Array.map ValueOption.get setters)
                 )
             | _ -> ValueNone)

    /// The same bits in every call, where libtorch can.
    let deterministic: LibtorchAlgorithms =
        {
            AreDeterministic = true
            OnlyWarn = true
            FillNew = false
            CudnnIsDeterministic = true
            CudnnTries = false
        }

    /// The choice at the moment; None if this libtorch cannot say.
    let current () : LibtorchAlgorithms voption =
        match functions.Value with
        | ValueSome struct (context, _, getters, _) ->
            let get index = getters[index].Invoke context <> 0uy

            ValueSome
                {
                    AreDeterministic = get 0
                    OnlyWarn = get 1
                    FillNew = get 2
                    CudnnIsDeterministic = get 3
                    CudnnTries = get 4
                }
        | ValueNone -> ValueNone

    /// Changes the choice, for the whole process. Without effect if this libtorch cannot.
    let choose (wanted: LibtorchAlgorithms) : unit =
        let byte (value: bool) = if value then 1uy else 0uy

        match functions.Value with
        | ValueSome struct (context, setAlgorithms, _, setters) ->
            setAlgorithms.Invoke(context, byte wanted.AreDeterministic, byte wanted.OnlyWarn)
            setters[0].Invoke(context, byte wanted.FillNew)
            setters[1].Invoke(context, byte wanted.CudnnIsDeterministic)
            setters[2].Invoke(context, byte wanted.CudnnTries)
        | ValueNone -> ()
