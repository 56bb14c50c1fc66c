namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of parameters and modules that networks, losses and optimizers share, and of weights that no optimizer moves.
module internal SharingChecks =

    /// Different parameters must not overlap in memory: a training state would untie them.
    let overlaps (modules: ModuleHandle list) : Diagnostics =
        let placed =
            [
                for handle in modules do
                    for struct (name, parameter) in handle.Module.named_parameters () do
                        match MemoryRange.ofTensor parameter with
                        | ValueSome range -> range, $"{handle.Key}.{name}", parameter
                        | ValueNone -> ()
            ]
            |> List.sortBy (fun (range, _, _) -> range)

        Diagnostics.errors
            [
                for (range, name, parameter), (next, other, otherParameter) in List.pairwise placed do
                    if
                        range.Device = next.Device
                        && next.First < range.Last
                        && not (obj.ReferenceEquals(parameter, otherParameter))
                    then
                        $"The parameters \"{name}\" and \"{other}\" are different objects on the same memory; register one Parameter object in both places instead."
            ]

    /// One module under two keys must be frozen in both or in none.
    let frozenAlike (modules: ModuleHandle list) (frozen: string list) : Diagnostics =
        Diagnostics.errors
            [
                for _, same in
                    modules
                    |> List.groupBy (fun handle -> LanguagePrimitives.PhysicalHash handle.Module) do
                    for first, second in List.pairwise same do
                        if
                            obj.ReferenceEquals(first.Module, second.Module)
                            && List.contains first.Key frozen <> List.contains second.Key frozen
                        then
                            $"\"{first.Key}\" and \"{second.Key}\" are one module; freeze both or none."
            ]

    /// Networks must be on the device of the batches.
    let devices (modules: ModuleHandle list) (device: Device) : Diagnostics =
        Diagnostics.errors
            [
                for handle in modules do
                    for parameterDevice in
                        handle.Module.parameters ()
                        |> Seq.map (fun parameter -> parameter.device.``type``)
                        |> Seq.distinct do
                        if parameterDevice <> device.``type`` then
                            $"The weights of \"{handle.Key}\" are on {parameterDevice}, batches go to {device.``type``}: move the module with .to(...) before making its optimizer, or set DataDevice."
            ]

    /// Weights that no optimizer will move, probably by mistake.
    let idle
        (modules: ModuleHandle list)
        (optimizers: (string * AnyOptimizer) list)
        (frozen: string list)
        : Diagnostics =
        let moved =
            System.Collections.Generic.HashSet<Modules.Parameter>(
                seq {
                    for _, optimizer in optimizers do
                        match optimizer with
                        | TorchOptimizer optimizer -> yield! Seq.concat (TorchOptimizers.parameters optimizer)
                        | ValueOptimizer _ -> ()
                },
                HashIdentity.Reference
            )

        let keys = List.map fst optimizers

        let trains (handle: ModuleHandle) =
            handle.Parameters |> Array.exists (fun struct (_, usersChoice) -> usersChoice)

        Diagnostics.concat
            [
                Diagnostics.warnings
                    [
                        if optimizers.IsEmpty then
                            "Optimizers is empty: nothing will be trained."
                        for handle in modules do
                            let key = Keys.optimizerOf handle.Key
                            let isFrozen = List.contains handle.Key frozen

                            if List.contains key keys && isFrozen then
                                $"There is an optimizer for \"{handle.Key}\", which is frozen: it will not be stepped."
                            elif not (List.contains key keys) && not isFrozen && trains handle then
                                if not (Seq.exists moved.Contains (handle.Module.parameters ())) then
                                    $"Optimizers is missing \"{key}\": the weights of \"{handle.Key}\" will not move."
                    ]
                Diagnostics.errors
                    [
                        if
                            not (
                                List.exists
                                    (fun (handle: ModuleHandle) ->
                                        trains handle && not (List.contains handle.Key frozen))
                                    modules
                            )
                        then
                            "Nothing can be trained: every parameter is frozen. Take something out of FreezeThese, or set requires_grad."
                    ]
            ]
